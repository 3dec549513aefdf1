# shellcheck shell=dash
# Where the rescue is, with the time since the kernel started: on the screen, on the serial line, in the report, and,
# once a session is open, at the station.

# stage WORD
stage() {
    STAGE=$1
    STAGE_UPTIME=$(uptime_centiseconds)
    printf '%s\t%s\n' "$STAGE" "$STAGE_UPTIME" >>"$RUN/stages"
    serial "stage $STAGE $STAGE_UPTIME"
    draw_screen
    [ -z "${SESSION-}" ] || send_stage "$STAGE" "$STAGE_UPTIME" &
}

# uptime_centiseconds: hundredths of a second.
uptime_centiseconds() {
    local seconds
    read -r seconds _ </proc/uptime
    seconds=${seconds%.*}${seconds#*.}
    while [ "${seconds#0}" != "$seconds" ] && [ "${#seconds}" -gt 1 ]; do
        seconds=${seconds#0}
    done
    printf '%s' "$seconds"
}

# send_stage WORD UPTIME: once; nothing depends on it, for the report repeats all stages.
send_stage() {
    local body=$RUN/stage-$1
    begin_message "$body" stage
    add_line "$body" stage "$1" "$2"
    end_message "$body"
    post stage "$body" "$body.answer" 5
    rm -f "$body" "$body.answer"
}
