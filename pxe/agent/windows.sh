# shellcheck shell=dash
# Which volumes hold a Windows, found by opening them one after the other, read-only. As few as possible are unlocked:
# once a Windows is found, no key is asked for a volume that is still locked.

# look_at_volume N: mounts volume N, already open at its `device`, read-only; sets `ntfs` and `windows`.
look_at_volume() {
    local device folder
    device=$(volume_get "$1" device)
    folder=$(volume_get "$1" mount)
    if ! mount_read_only "$device" "$folder"; then
        volume_set "$1" problem mount-failed
        return
    fi
    volume_set "$1" ntfs "$(ntfs_state "$device" "$folder")"
    resolve_folder "$folder" Windows/System32
    case $RESOLVE in
    found | refused)
        volume_set "$1" windows yes
        WINDOWS="$WINDOWS $1"
        ;;
    *)
        unmount "$device" "$folder"
        close_volume "$1"
        ;;
    esac
}

# find_windows: WINDOWS is the list of volumes that hold one, each mounted read-only.
find_windows() {
    local n=1 locked=''
    WINDOWS=''
    while [ "$n" -le "$VOLUMES" ]; do
        case $(volume_get "$n" state) in
        plain)
            volume_set "$n" device "$(volume_get "$n" path)"
            volume_set "$n" openedby plain
            look_at_volume "$n"
            ;;
        suspended)
            if open_suspended "$n"; then
                volume_set "$n" openedby clear-key
                look_at_volume "$n"
            else
                volume_set "$n" problem mount-failed
            fi
            ;;
        encrypted) locked="$locked $n" ;;
        encrypting | decrypting) volume_set "$n" problem volume-encrypting ;;
        *) volume_set "$n" problem mount-failed ;;
        esac
        n=$((n + 1))
    done
    [ -n "$WINDOWS" ] || unlock_volumes "$locked"
}

# unlock_volumes LIST: goes round the locked volumes, one question each, until one of them turns out to hold Windows or
# none is left. Fails if the station refuses for good.
unlock_volumes() {
    local waiting=$1 left n
    while [ -n "$waiting" ] && [ -z "$WINDOWS" ]; do
        left='' WAIT_LEAST=''
        for n in $waiting; do
            [ -z "$WINDOWS" ] || break
            unlock_volume "$n"
            case $? in
            0) ;;
            1) return 1 ;;
            2) left="$left $n" ;;
            esac
        done
        waiting=$left
        [ -n "$WINDOWS" ] || [ -z "$waiting" ] || [ -z "$WAIT_LEAST" ] || sleep "$WAIT_LEAST"
    done
}

# unlock_volume N: asks for one key and tries it. 0 settled (opened, or never will be), 1 refused for good, 2 ask again.
unlock_volume() {
    local status guid
    begin_message "$RUN/unlock" unlock
    add_line "$RUN/unlock" volume "$1"
    for guid in $(volume_get "$1" tried); do
        add_line "$RUN/unlock" tried "$guid"
    done
    end_message "$RUN/unlock"
    ask unlock "$RUN/unlock" "$RUN/key"
    case $ANSWER_KIND in
    key) ;;
    wait)
        read_wait "$RUN/key"
        # The station had a recovery password for this volume, it did not open it, and there is no other.
        if [ "$WAIT_REASON" = no-key ] && [ -n "$(volume_get "$1" tried)" ]; then
            volume_set "$1" problem wrong-key
            return 0
        fi
        show_wait
        [ -n "$WAIT_LEAST" ] && [ "$WAIT_LEAST" -le "$WAIT_SECONDS" ] || WAIT_LEAST=$WAIT_SECONDS
        return 2
        ;;
    *)
        read_refusal "$RUN/key"
        [ -z "$(volume_get "$1" tried)" ] || volume_set "$1" problem wrong-key
        return 1
        ;;
    esac
    answer_line "$RUN/key" 2
    FIELD_4=''
    guid=$FIELD_3
    if [ "$FIELD_COUNT" -ne 4 ] || [ "$FIELD_2" != "$1" ] || ! is_guid "$guid"; then
        wipe "$RUN/key"
        WAIT_LEAST=5
        return 2
    fi
    stage unlocking
    show '' ''
    open_with_key "$1" "$RUN/key"
    status=$?
    serial "tried $guid $status"
    case $status in
    0)
        volume_set "$1" openedby recovery-password
        volume_set "$1" protector "$guid"
        look_at_volume "$1"
        ;;
    3) volume_set "$1" problem volume-encrypting ;;
    1) volume_set "$1" problem mount-failed ;;
    *)
        # What did not open the volume is not asked for twice.
        volume_set "$1" tried "$(volume_get "$1" tried) $guid"
        return 2
        ;;
    esac
}
