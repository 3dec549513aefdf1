# shellcheck shell=dash
# Talking to the station: HTTPS, the certificate authority pinned to the one that came with this boot, every secret in
# a file. A station that does not answer is asked again without end: it may be restarting after a crash.

# post VERB BODY ANSWER SECONDS: once. Succeeds if the answer is whole; the answer's word is in ANSWER_KIND.
post() {
    curl --silent --show-error --noproxy '*' --proto '=https' --tlsv1.2 --cacert "$STATION_CA" \
        --connect-timeout 5 --max-time "$4" --max-filesize 65536 --header "@$RUN/secret" \
        --data-binary "@$2" --output "$3" "$STATION/agent/v1/$1" || return 1
    ANSWER_KIND=$(answer_kind "$3")
}

# ask VERB BODY ANSWER: until there is an answer.
ask() {
    local delay=1 failures=0
    until post "$1" "$2" "$3" 30; do
        failures=$((failures + 1))
        [ "$failures" -lt 2 ] || show 'The station does not answer.' \
            "This device keeps trying $STATION. Nothing is changed while it waits. Leave it switched on and its network cable connected."
        [ "$failures" -ne 2 ] || serial "station-silent $1"
        sleep "$delay"
        [ "$delay" -ge 8 ] || delay=$((delay * 2))
    done
    [ "$failures" -lt 2 ] || show '' ''
}

# ask_through VERB BODY ANSWER: until there is an answer that is not `wait`.
ask_through() {
    ask "$1" "$2" "$3"
    while [ "$ANSWER_KIND" = wait ]; do
        wait_as_told "$3"
        ask "$1" "$2" "$3"
    done
    show '' ''
}

# read_wait ANSWER: WAIT_REASON, WAIT_SECONDS, WAIT_TEXT.
read_wait() {
    answer_line "$1" 2
    WAIT_REASON=$FIELD_2 WAIT_SECONDS=$FIELD_3
    [ "$FIELD_COUNT" -eq 4 ] && [ "$FIELD_1" = wait ] && is_whole "$FIELD_3" 1 3600 &&
        WAIT_TEXT=$(decode_field "$FIELD_4") && return
    WAIT_REASON=malformed WAIT_SECONDS=10 WAIT_TEXT='The station asked this device to wait.'
}

# show_wait: says why, once for each change of the reason.
show_wait() {
    [ "$STAGE" = waiting ] || stage waiting
    [ "${SHOWN_REASON-}" = "$WAIT_REASON" ] || serial "waiting $WAIT_REASON: $WAIT_TEXT"
    SHOWN_REASON=$WAIT_REASON
    show "Waiting: $WAIT_REASON" "$WAIT_TEXT"
}

wait_as_told() {
    read_wait "$1"
    show_wait
    sleep "$WAIT_SECONDS"
}

# read_refusal ANSWER: REFUSED_REASON, REFUSED_TEXT.
read_refusal() {
    answer_line "$1" 2
    REFUSED_REASON=malformed REFUSED_TEXT='The station refused this device. Nothing more is changed.'
    [ "$FIELD_COUNT" -eq 3 ] && [ "$FIELD_1" = refused ] || return 0
    REFUSED_REASON=$(printable "$FIELD_2")
    REFUSED_TEXT=$(decode_field "$FIELD_3") || REFUSED_TEXT=$REFUSED_REASON
}
