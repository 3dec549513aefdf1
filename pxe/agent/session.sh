# shellcheck shell=dash
# What the station put beside the image for this one boot: its address, a one-time token, the time, and which NIC booted.

# read_session FILE: STATION TOKEN STATION_TIME DEVICE. The file is data: nothing in it is run.
read_session() {
    local line
    STATION='' TOKEN='' STATION_TIME='' DEVICE=''
    while IFS= read -r line; do
        case $line in
        STATION=https://*) STATION=${line#STATION=} ;;
        TOKEN=*) TOKEN=${line#TOKEN=} ;;
        TIME=*) STATION_TIME=${line#TIME=} ;;
        DEVICE=*) DEVICE=${line#DEVICE=} ;;
        esac
    done <"$1"
    case ${STATION#https://} in
    '' | *[!0-9.:]*) return 1 ;;
    esac
    case $DEVICE in
    *[!0-9a-f:]*) return 1 ;;
    ??:??:??:??:??:??) ;;
    *) return 1 ;;
    esac
    is_hex "$TOKEN" 64 64 && is_whole "$STATION_TIME" 0 99999999999
}

# make_secret FILE: the session's secret, made here and known only here and (as a hash) at the station; as the header
# file that curl reads, so that it is in no command line.
make_secret() {
    printf 'Authorization: Bearer %s\nContent-Type: text/plain\n' \
        "$(head -c 32 /dev/urandom | od -An -v -tx1 | tr -d ' \n')" >"$1"
}

# make_pairing_code: six digits, like 481-902.
make_pairing_code() {
    local number
    number=$(head -c 4 /dev/urandom | od -An -tu4 | tr -d ' ')
    printf '%03d-%03d' $((number / 1000 % 1000)) $((number % 1000))
}

# set_clock TIME: a dead battery, or Windows' habit of keeping local time in the hardware clock, would make the
# station's certificate look expired or not yet valid. Only the running system's clock is set, not the hardware's.
set_clock() {
    local off=$(($(date +%s) - $1))
    if [ "$off" -gt 120 ] || [ "$off" -lt -120 ]; then date -s "@$1" >/dev/null; fi
}
