# shellcheck shell=dash
# Messages of the agent protocol: lines of tab-separated fields between a first line and a count.

# begin_message FILE VERB
begin_message() {
    printf 'breakglass-agent\t2\t%s\n' "$2" >"$1"
}

# add_line FILE WORD FIELD...
add_line() {
    local file=$1 field
    {
        printf '%s' "$2"
        shift 2
        for field; do
            printf '\t%s' "$(encode_field "$field")"
        done
        printf '\n'
    } >>"$file"
}

# end_message FILE
end_message() {
    printf 'end\t%s\n' "$(($(wc -l <"$1")))" >>"$1"
}

# answer_kind FILE: prints the answer's word if the message is whole and well formed; fails if not.
answer_kind() {
    local file=$1 lines sender version kind extra
    [ "$(wc -c <"$file")" -le 65536 ] || return 1
    # Only printable ASCII, tabs and line ends; an empty field would make the next one move up.
    [ "$(tr -d '\011\012\041-\176' <"$file" | wc -c)" -eq 0 ] || return 1
    [ "$(tail -c 1 "$file" | od -An -tx1 | tr -d ' ')" = 0a ] || return 1
    ! grep -q -e '^$' -e "^$TAB" -e "$TAB\$" -e "$TAB$TAB" "$file" || return 1
    lines=$(($(wc -l <"$file")))
    [ "$(tail -n 1 "$file")" = "end$TAB$((lines - 1))" ] || return 1
    IFS=$TAB read -r sender version kind extra <"$file"
    [ "$sender" = breakglass-station ] && [ "$version" = 2 ] && [ -z "$extra" ] || return 1
    case $kind in
    session | key | done | wait | refused) [ "$lines" -le 3 ] || return 1 ;;
    plan) [ "$lines" -le 11 ] || return 1 ;;
    *) return 1 ;;
    esac
    printf '%s' "$kind"
}

# answer_line FILE NUMBER: the line's fields, still encoded, in FIELD_COUNT and FIELD_1 ... FIELD_8.
answer_line() {
    local line
    line=$(sed -n "$2p" "$1")
    split_fields "$line"
}

# split_fields LINE
split_fields() {
    local saved=$IFS
    IFS=$TAB
    set -f
    # shellcheck disable=SC2086 # splitting at tabs is what this function is for; -f keeps names from being expanded
    set -- $1
    set +f
    IFS=$saved
    # shellcheck disable=SC2034 # results
    {
        FIELD_COUNT=$#
        FIELD_1=${1-} FIELD_2=${2-} FIELD_3=${3-} FIELD_4=${4-}
        FIELD_5=${5-} FIELD_6=${6-} FIELD_7=${7-} FIELD_8=${8-}
    }
}
