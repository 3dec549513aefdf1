#!/bin/sh
# shellcheck shell=dash
# The agent: one device from its start to its report. This file is the story; each step is in the file of its name.

set -u
umask 077
export LC_ALL=C PATH=/usr/sbin:/usr/bin:/sbin:/bin
AGENT=${AGENT:-/usr/lib/breakglass}
RUN=${RUN:-/run/breakglass}
STATION_CA=/etc/breakglass/station-ca.pem

for part in words encode name message plan path evidence remove fve ntfs volumes mend unlock suspended windows apply report outcome \
    stages screen session machine modules network station hello; do
    # shellcheck disable=SC1090 # the list above
    . "$AGENT/$part.sh"
done

rescue() {
    OUTCOME='' SESSION='' REFUSED_REASON=''
    stage booted
    if ! read_session /etc/breakglass/session; then
        REFUSED_REASON=malformed REFUSED_TEXT='This boot has no valid session from the station. Nothing was changed. Boot this device from the network again.'
        return
    fi
    PRODUCT=$(dmi product_name)
    PAIRING=$(make_pairing_code)
    make_secret "$RUN/secret"
    load_modules

    stage network
    join_network
    set_clock "$STATION_TIME"
    coldplug
    wait_for_volumes

    stage hello
    serial "pairing $PAIRING"
    if ! say_hello; then
        read_refusal "$RUN/hello.answer"
        return
    fi
    TOKEN=''
    serial "session $SESSION"

    if [ "$VOLUMES" -eq 0 ]; then OUTCOME=no-volume && return; fi
    find_windows
    if [ -z "$WINDOWS" ]; then
        OUTCOME=$(no_windows_outcome)
        return
    fi
    stage mounted
    fetch_plan || return
    apply_plan
    if [ "$OUTCOME" = already-clean ] && [ -n "$PENDING" ]; then wait_for_pending; fi
    [ "$OUTCOME" != already-clean ] || OUTCOME=$(clean_outcome)
}

# wait_for_pending: the bad file may be on a volume that has no recovery password in the vault yet.
wait_for_pending() {
    OUTCOME='' WINDOWS=''
    unlock_volumes "$PENDING"
    OUTCOME=already-clean
    [ -n "$WINDOWS" ] || return 0
    stage mounted
    apply_plan
}

# clean_outcome: already-clean only if every volume that can hold a Windows was looked at.
clean_outcome() {
    local outcome
    outcome=$(closed_outcome)
    if [ -n "$outcome" ] && [ "$outcome" != mount-failed ]; then
        printf '%s' "$outcome"
    elif [ -n "$(look_is mount-failed in-doubt no-key not-released)" ]; then
        printf volume-not-looked-at
    else
        printf already-clean
    fi
}

# no_windows_outcome: why there is none, the most telling reason of all volumes; nothing if the station refused.
no_windows_outcome() {
    local outcome
    outcome=$(closed_outcome)
    [ -n "$outcome$REFUSED_REASON" ] || outcome=no-windows-volume
    printf '%s' "$outcome"
}

# closed_outcome: the most telling reason why a volume stayed closed; nothing if none has one.
closed_outcome() {
    local pair
    for pair in wrong-key=wrong-key encrypting=volume-encrypting unsupported=volume-unsupported mount-failed=mount-failed; do
        if [ -n "$(look_is "${pair%%=*}")" ]; then printf '%s' "${pair#*=}" && return; fi
    done
}

# close_all: nothing of the device's disks is in use afterwards.
close_all() {
    local n=1
    while [ "$n" -le "${VOLUMES:-0}" ]; do
        if grep -q " $(volume_get "$n" mount) " /proc/mounts; then
            unmount "$(volume_get "$n" device)" "$(volume_get "$n" mount)"
        fi
        close_volume "$n"
        n=$((n + 1))
    done
    sync
}

finish() {
    close_all
    NEXT=stay
    if [ -n "$OUTCOME" ]; then
        serial "outcome $OUTCOME"
        send_report "$OUTCOME"
        stage reported
    fi
    FINISHED=yes
    [ "$OUTCOME" != '' ] || OUTCOME=refused
    [ -z "$REFUSED_REASON" ] || serial "refused $REFUSED_REASON: $REFUSED_TEXT"
    show "Result: $OUTCOME${REFUSED_REASON:+ ($REFUSED_REASON)}" "$(outcome_text "$OUTCOME")$(volume_texts)"
    serial "result $OUTCOME: $(outcome_text "$OUTCOME")"
    serial_looks
    serial "next $NEXT"
    if [ "$NEXT" = reboot ]; then
        stage rebooting
        wait_briefly
        reboot -f
    fi
}

# serial_looks: what was looked at and what was not.
serial_looks() {
    local n=1
    while [ "$n" -le "${VOLUMES:-0}" ]; do
        serial "volume $n $(volume_get "$n" path) $(volume_get "$n" look)"
        n=$((n + 1))
    done
}

# wait_briefly: for the last stage to reach the station and for a person to read one line, no longer.
wait_briefly() {
    sleep 2
}

mkdir -p "$RUN/mount"
: >"$RUN/stages"
: >"$RUN/files"
: >"$RUN/actions"
: >"$RUN/verified"
rescue
finish
