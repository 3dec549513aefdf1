# shellcheck shell=dash
# Which volumes hold a Windows: every volume that can hold one is opened, read-only, and looked at. What became of each is
# its `look`, a word of the protocol. A volume that says itself that it is for data gets no recovery password.

# look_at_volume N: mounts volume N, already open at its `device`, read-only; sets `ntfs` and `look`.
look_at_volume() {
    local device folder
    device=$(volume_get "$1" device)
    folder=$(volume_get "$1" mount)
    if ! mount_read_only "$device" "$folder"; then
        volume_set "$1" look mount-failed
        return
    fi
    volume_set "$1" ntfs "$(ntfs_state "$device" "$folder")"
    resolve_folder "$folder" Windows/System32
    case $RESOLVE in
    found | refused)
        volume_set "$1" look windows
        WINDOWS="$WINDOWS $1"
        ;;
    *)
        volume_set "$1" look no-windows
        unmount "$device" "$folder"
        close_volume "$1"
        ;;
    esac
}

# find_windows: WINDOWS is the list of volumes that hold one, each mounted read-only; PENDING the list of those that
# can hold one and for which the vault has no recovery password yet.
find_windows() {
    local n=1 locked='' doubtful=''
    WINDOWS='' PENDING=''
    while [ "$n" -le "$VOLUMES" ]; do
        case $(volume_get "$n" state)-$(volume_use "$n") in
        plain-*)
            volume_set "$n" device "$(volume_get "$n" path)"
            volume_set "$n" openedby plain
            look_at_volume "$n"
            ;;
        suspended-*)
            if open_suspended "$n"; then
                volume_set "$n" openedby clear-key
                look_at_volume "$n"
            else
                volume_set "$n" look unsupported
            fi
            ;;
        *-data) volume_set "$n" look data ;;
        encrypted-*)
            # What cannot be opened gets no recovery password.
            if ! mend_metadata "$n"; then
                volume_set "$n" look unsupported
            elif [ "$(volume_use "$n")" = windows ]; then
                locked="$locked $n"
            else
                doubtful="$doubtful $n"
            fi
            ;;
        encrypting-* | decrypting-*) volume_set "$n" look encrypting ;;
        *) volume_set "$n" look unsupported ;;
        esac
        n=$((n + 1))
    done
    unlock_volumes "$locked" || return
    # Nobody can say whether these hold a Windows: a password is spent on them only if nothing else can be Windows.
    if [ -n "$WINDOWS$PENDING" ] || [ -n "$(unseen_volumes)" ]; then
        for n in $doubtful; do
            volume_set "$n" look in-doubt
        done
    else
        unlock_volumes "$doubtful"
    fi
}

# volume_use N: what the volume's own metadata says that it is for: windows, data or unknown.
volume_use() {
    local use
    use=$(sed -n 's/^use //p' "$RUN/volume/$1/fve")
    printf '%s' "${use:-unknown}"
}

# look_is WORD...: the volumes whose look is one of these.
look_is() {
    local word n
    for word; do
        n=1
        while [ "$n" -le "$VOLUMES" ]; do
            [ "$(volume_get "$n" look)" != "$word" ] || printf '%s ' "$n"
            n=$((n + 1))
        done
    done
}

# unseen_volumes: those that can hold a Windows and could not be looked at, though nothing is left to ask for.
unseen_volumes() {
    look_is wrong-key encrypting unsupported mount-failed
}

# unlock_volumes LIST: goes round the locked volumes, one question each, until all are settled. Once a Windows is open,
# a volume without a recovery password holds up nothing: it is PENDING. Fails if the station refuses for good.
unlock_volumes() {
    local waiting=$1 left n
    while [ -n "$waiting" ]; do
        left='' WAIT_LEAST=''
        for n in $waiting; do
            unlock_volume "$n"
            case $? in
            0) ;;
            1)
                # What is open already can be looked at all the same: the station says at the plan if it must not.
                [ -n "$WINDOWS" ] || return 1
                serial "refused $REFUSED_REASON: volume $n"
                REFUSED_REASON=''
                return 0
                ;;
            2) left="$left $n" ;;
            esac
        done
        waiting=$left
        [ -z "$waiting" ] || [ -z "$WAIT_LEAST" ] || sleep "$WAIT_LEAST"
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
            volume_set "$1" look wrong-key
            return 0
        fi
        if [ "$WAIT_REASON" = no-key ]; then
            volume_set "$1" look no-key
            if [ -n "$WINDOWS" ]; then
                PENDING="$PENDING $1"
                return 0
            fi
        fi
        show_wait
        [ -n "$WAIT_LEAST" ] && [ "$WAIT_LEAST" -le "$WAIT_SECONDS" ] || WAIT_LEAST=$WAIT_SECONDS
        return 2
        ;;
    *)
        read_refusal "$RUN/key"
        [ -z "$(volume_get "$1" tried)" ] || volume_set "$1" look wrong-key
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
    3) volume_set "$1" look unsupported ;;
    1) volume_set "$1" look mount-failed ;;
    *)
        # What did not open the volume is not asked for twice.
        volume_set "$1" tried "$(volume_get "$1" tried) $guid"
        return 2
        ;;
    esac
}
