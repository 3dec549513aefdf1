# shellcheck shell=dash
# Hello: who this device is, what volumes it has and which key protectors they list.

# write_hello FILE
write_hello() {
    local mac n type guid
    begin_message "$1" hello
    add_line "$1" token "$TOKEN"
    add_line "$1" pairing "$PAIRING"
    add_line "$1" machine "$(machine_uuid)" "$(dmi product_serial)" "$(dmi sys_vendor)" "$(dmi product_name)"
    add_line "$1" secureboot "$(secure_boot)"
    for mac in $(nic_addresses | head -n 32); do
        add_line "$1" nic "$mac"
    done
    n=1
    while [ "$n" -le "$VOLUMES" ]; do
        add_line "$1" volume "$n" "$(volume_get "$n" path)" "$(volume_get "$n" bytes)" "$(volume_get "$n" kind)" \
            "$(volume_get "$n" state)"
        n=$((n + 1))
    done
    n=1
    while [ "$n" -le "$VOLUMES" ]; do
        grep '^protector ' "$RUN/volume/$n/fve" | while read -r _ guid type; do
            add_line "$1" protector "$n" "$guid" "$type"
        done
        n=$((n + 1))
    done
    end_message "$1"
}

# say_hello: opens the session: SESSION. Fails if the station refuses.
say_hello() {
    write_hello "$RUN/hello"
    ask_through hello "$RUN/hello" "$RUN/hello.answer"
    rm -f "$RUN/hello"
    [ "$ANSWER_KIND" = session ] || return 1
    answer_line "$RUN/hello.answer" 2
    [ "$FIELD_COUNT" -eq 2 ] && [ "$FIELD_1" = session ] && is_identifier "$FIELD_2" && SESSION=$FIELD_2
}
