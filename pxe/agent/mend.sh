# shellcheck shell=dash
# A volume whose first copy of the metadata is damaged: cryptsetup reads that copy only, and would call every recovery
# password wrong. So it is shown the volume with an undamaged copy in that place. The copy is in memory; the disk keeps
# what it has, for Windows to mend.

# fve_copy N: where the copy of the metadata is that was read for volume N.
fve_copy() {
    sed -n 's/^copy //p' "$RUN/volume/$1/fve"
}

# mend_metadata N: sets `mended`, the device to open instead, if the first copy is damaged. Fails if that cannot be done.
mend_metadata() {
    local path block=$RUN/volume/$1/metadata loop good first
    path=$(volume_get "$1" path)
    good=$(fve_copy "$1")
    first=$(fve_offsets "$path" | head -n 1)
    [ "$good" != "$first" ] && [ -z "$(volume_get "$1" mended)" ] || return 0
    [ $((first % 512)) -eq 0 ] || return 1
    dd if="$path" of="$block" bs=512 skip=$((good / 512)) count=128 2>/dev/null
    [ "$(wc -c <"$block")" -eq 65536 ] || return 1
    modprobe -q loop
    loop=$(losetup -f) && losetup "$loop" "$block" || return 1
    if ! mended_table "$path" "$(($(volume_get "$1" bytes) / 512))" $((first / 512)) "$loop" | dm_create "breakglass-$1-mended"; then
        losetup -d "$loop"
        return 1
    fi
    volume_set "$1" loop "$loop"
    volume_set "$1" mended "/dev/mapper/breakglass-$1-mended"
    serial "mended $1 $good"
}

# mended_table DEVICE SECTORS PLACE LOOP: the device-mapper table of DEVICE with the 128 sectors at PLACE taken from LOOP.
mended_table() {
    printf '0 %s linear %s 0\n%s 128 linear %s 0\n' "$3" "$1" "$3" "$4"
    printf '%s %s linear %s %s\n' $(($3 + 128)) $(($2 - $3 - 128)) "$1" $(($3 + 128))
}

# close_mended N
close_mended() {
    [ -n "$(volume_get "$1" mended)" ] || return 0
    dm_remove "breakglass-$1-mended"
    losetup -d "$(volume_get "$1" loop)"
    rm -f "$RUN/volume/$1/mended"
}

# dm_create NAME: standard input is the table. There is no udev here: the library makes the node itself.
dm_create() {
    DM_DISABLE_UDEV=1 dmsetup create "$1" && [ -b "/dev/mapper/$1" ]
}

dm_remove() {
    DM_DISABLE_UDEV=1 dmsetup remove "$1"
}
