# shellcheck shell=dash
# Every volume of the device, by what its first sector says: no drive letters, no partition types, no labels.
# What is known of volume N is kept in the folder $RUN/volume/N, one small file for each property.

# volume_get N PROPERTY / volume_set N PROPERTY VALUE
volume_get() {
    cat "$RUN/volume/$1/$2" 2>/dev/null
}
volume_set() {
    printf '%s' "$3" >"$RUN/volume/$1/$2"
}

# first_sector DEVICE: as hex.
first_sector() {
    head -c 512 "$1" 2>/dev/null | od -An -v -tx1 | tr -d ' \n'
}

# find_volumes: fills $RUN/volume; VOLUMES is how many there are.
find_volumes() {
    local block name
    rm -rf "$RUN/volume"
    mkdir -p "$RUN/volume"
    VOLUMES=0
    for block in /sys/class/block/*; do
        name=${block##*/}
        case $name in
        loop* | ram* | zram* | dm-* | sr* | fd* | nbd*) continue ;;
        esac
        [ -b "/dev/$name" ] && [ "$VOLUMES" -lt 64 ] || continue
        # A disk that is divided is no volume itself, whatever its first sector looks like.
        ls "$block"/*/partition >/dev/null 2>&1 && continue
        add_volume "/dev/$name" $(($(cat "$block/size") * 512))
    done
}

# add_volume DEVICE BYTES: numbers the volume if it is one of ours.
add_volume() {
    local kind state
    case $(first_sector "$1") in
    ??????2d4656452d46532d*) kind=bitlocker ;;
    ??????4e54465320202020*) kind=ntfs ;;
    *) return 0 ;;
    esac
    VOLUMES=$((VOLUMES + 1))
    mkdir -p "$RUN/volume/$VOLUMES"
    state=plain
    : >"$RUN/volume/$VOLUMES/fve"
    if [ "$kind" = bitlocker ]; then
        if fve_read "$1" "$RUN/volume/$VOLUMES/fve"; then
            state=$(fve_state "$RUN/volume/$VOLUMES/fve")
        else
            : >"$RUN/volume/$VOLUMES/fve"
            state=unsupported
        fi
    fi
    volume_set "$VOLUMES" path "$1"
    volume_set "$VOLUMES" bytes "$2"
    volume_set "$VOLUMES" kind "$kind"
    volume_set "$VOLUMES" state "$state"
    volume_set "$VOLUMES" openedby none
    volume_set "$VOLUMES" look not-released
    volume_set "$VOLUMES" mount "$RUN/mount/$VOLUMES"
}

# wait_for_volumes: disks appear some time after their driver.
wait_for_volumes() {
    local tries=0
    find_volumes
    while [ "$VOLUMES" -eq 0 ] && [ "$tries" -lt 15 ]; do
        sleep 1
        coldplug
        find_volumes
        tries=$((tries + 1))
    done
}
