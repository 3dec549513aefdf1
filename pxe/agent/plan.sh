# shellcheck shell=dash
# The plan: checked whole before any volume is mounted for writing. One line more, one field less, one character out
# of place, and nothing of it is done.

# accept_plan FILE FOLDER: checks the plan answer in FILE; writes FOLDER/plan and FOLDER/remove-1, -2, ... for
# load_removal. On failure prints what is wrong.
accept_plan() {
    local file=$1 folder=$2 lines number=1
    [ "$(answer_kind "$file")" = plan ] || { printf 'not a plan'; return 1; }
    lines=$(($(wc -l <"$file")))
    [ "$lines" -ge 4 ] || { printf 'a plan that removes nothing'; return 1; }
    answer_line "$file" 2
    accept_head "$folder/plan" || { printf 'line 2'; return 1; }
    while [ $((number + 2)) -lt "$lines" ]; do
        answer_line "$file" $((number + 2))
        accept_removal "$folder/remove-$number" || { printf 'line %s' $((number + 2)); return 1; }
        number=$((number + 1))
    done
}

# accept_head FILE: plan 1 REMEDY SHA256 CAMPAIGN QUARANTINE-FOLDER HIBERNATED
accept_head() {
    local quarantine
    [ "$FIELD_COUNT" -eq 7 ] && [ "$FIELD_1" = plan ] && [ "$FIELD_2" = 1 ] || return 1
    is_identifier "$FIELD_3" && is_hex "$FIELD_4" 64 64 && is_identifier "$FIELD_5" || return 1
    quarantine=$(decode_field "$FIELD_6") && is_plain_path "$quarantine" || return 1
    case $quarantine in
    Windows/System32*) return 1 ;;
    Windows/?*) ;;
    *) return 1 ;;
    esac
    case $FIELD_7 in
    stop | discard) ;;
    *) return 1 ;;
    esac
    printf '%s\n' "$FIELD_3" "$FIELD_4" "$FIELD_5" "$quarantine" "$FIELD_7" >"$1"
}

# accept_removal FILE: remove FOLDER NAME-GRAMMAR HEADER-HEX NOT-BEFORE BEFORE MAX-FILES ACTION
accept_removal() {
    local folder name
    [ "$FIELD_COUNT" -eq 8 ] && [ "$FIELD_1" = remove ] || return 1
    folder=$(decode_field "$FIELD_2") && is_plain_path "$folder" || return 1
    # One vendor's folder below drivers, whatever the station says.
    case $folder in
    Windows/System32/drivers/*/*) return 1 ;;
    Windows/System32/drivers/?*) ;;
    *) return 1 ;;
    esac
    name=$(decode_field "$FIELD_3") && is_grammar "$name" || return 1
    is_hex "$FIELD_4" 8 128 || return 1
    is_whole "$FIELD_5" -1099511627776 1099511627776 && is_whole "$FIELD_6" "$FIELD_5" 1099511627776 || return 1
    [ "$FIELD_5" -lt "$FIELD_6" ] && is_whole "$FIELD_7" 1 32 || return 1
    case $FIELD_8 in
    quarantine | delete) ;;
    *) return 1 ;;
    esac
    printf '%s\n' "$folder" "$name" "$FIELD_4" "$FIELD_5" "$FIELD_6" "$FIELD_7" "$FIELD_8" >"$1"
}

# load_plan FILE: PLAN_REMEDY and so on.
load_plan() {
    {
        read -r PLAN_REMEDY && read -r PLAN_SHA256 && read -r PLAN_CAMPAIGN && read -r PLAN_QUARANTINE &&
            read -r PLAN_HIBERNATED
    } <"$1"
}

# load_removal FILE: REMOVE_FOLDER and so on.
load_removal() {
    {
        read -r REMOVE_FOLDER && read -r REMOVE_NAME && read -r REMOVE_HEADER && read -r REMOVE_NOT_BEFORE &&
            read -r REMOVE_BEFORE && read -r REMOVE_MAX && read -r REMOVE_ACTION
    } <"$1"
}
