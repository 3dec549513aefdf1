# shellcheck shell=dash
# Opening BitLocker volumes. The recovery password is in one file in memory, goes to cryptsetup through standard input,
# and is wiped right after.

# open_with_key N ANSWER: ANSWER is the station's `key` answer. 0 opened, 2 wrong password, 3 cryptsetup will not open
# such a volume, 1 anything else.
open_with_key() {
    local path status
    path=$(volume_get "$1" mended)
    [ -n "$path" ] || path=$(volume_get "$1" path)
    # Field 4 of line 2, and no line end after it: cryptsetup takes every byte for the password.
    sed -n 2p "$2" | cut -f 4 | tr -d '\n' |
        cryptsetup open --type bitlk --batch-mode --key-file - "$path" "breakglass-$1" >"$RUN/cryptsetup" 2>&1
    status=$?
    wipe "$2"
    printf 'cryptsetup: %s %s\n' "$status" "$(cat "$RUN/cryptsetup")" >&2
    case $status in
    0) ;;
    # 2 is a wrong password; 1 without a word is one too, on a volume that also has a startup key (cryptsetup 2.7).
    2) return 2 ;;
    *)
        grep -q -e 'unsupported state' -e 'cannot be activated' -e 'not supported' "$RUN/cryptsetup" && return 3
        [ -s "$RUN/cryptsetup" ] && return 1
        return 2
        ;;
    esac
    blockdev --setro "/dev/mapper/breakglass-$1"
    volume_set "$1" device "/dev/mapper/breakglass-$1"
}

# close_volume N
close_volume() {
    local device
    device=$(volume_get "$1" device)
    case $device in
    /dev/mapper/*)
        if [ "$(volume_get "$1" openedby)" = clear-key ]; then
            dm_remove "${device##*/}"
        else
            cryptsetup close "${device##*/}"
        fi
        ;;
    esac
    close_mended "$1"
}

# wipe FILE: overwrites it in memory before it is removed.
wipe() {
    head -c "$(wc -c <"$1")" /dev/zero | dd of="$1" conv=notrunc 2>/dev/null
    rm -f "$1"
}
