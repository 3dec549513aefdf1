# shellcheck shell=dash
# The report: what was found and what was done, with the evidence for each file. It is repeated until the station says
# that it has it.

# write_report FILE OUTCOME
write_report() {
    local n=1 line
    begin_message "$1" report
    add_line "$1" outcome "$2"
    while [ "$n" -le "$VOLUMES" ]; do
        add_line "$1" volume "$n" "$(volume_get "$n" openedby)" "$(volume_get "$n" protector)" "$(volume_get "$n" ntfs)" \
            "$(volume_get "$n" look)"
        n=$((n + 1))
    done
    add_lines "$1" file 128 "$RUN/files"
    add_lines "$1" action 64 "$RUN/actions"
    add_lines "$1" verified 64 "$RUN/verified"
    add_lines "$1" stage 64 "$RUN/stages"
    end_message "$1"
}

# add_lines FILE WORD MOST LINES: one line for each of the first MOST lines of LINES, whose fields are not yet encoded;
# "-" is none.
add_lines() {
    local line
    head -n "$3" "$4" | while IFS= read -r line; do
        split_fields "$line"
        set -- "$1" "$2" "$3" "$4" "$FIELD_1" "$FIELD_2" "$FIELD_3" "$FIELD_4" "$FIELD_5" "$FIELD_6" "$FIELD_7"
        add_some "$1" "$2" "$FIELD_COUNT" "$5" "$6" "$7" "$8" "$9" "${10}" "${11}"
    done
}

# add_some FILE WORD COUNT FIELD...: the first COUNT fields; a field "-" is none.
add_some() {
    local file=$1 word=$2 count=$3 field
    shift 3
    {
        printf '%s' "$word"
        for field; do
            [ "$count" -gt 0 ] || break
            count=$((count - 1))
            [ "$field" != - ] || field=''
            printf '\t%s' "$(encode_field "$field")"
        done
        printf '\n'
    } >>"$file"
}

# send_report OUTCOME: NEXT is reboot or stay.
send_report() {
    NEXT=stay
    write_report "$RUN/report" "$1"
    ask_through report "$RUN/report" "$RUN/report.answer"
    case $ANSWER_KIND in
    done)
        answer_line "$RUN/report.answer" 2
        if [ "$FIELD_1" = next ] && [ "$FIELD_2" = reboot ]; then NEXT=reboot; fi
        ;;
    refused) read_refusal "$RUN/report.answer" ;;
    esac
}
