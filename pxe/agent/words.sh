# shellcheck shell=dash
# What may stand in a plan or on a volume. Every check succeeds only for what is known to be harmless.

TAB=$(printf '\t')

# is_whole NUMBER LEAST MOST
is_whole() {
    case $1 in
    0) ;;
    -[1-9] | [1-9]) ;;
    -[1-9]*[!0-9]* | [1-9]*[!0-9]*) return 1 ;;
    -[1-9]* | [1-9]*) [ "${#1}" -le 14 ] || return 1 ;;
    *) return 1 ;;
    esac
    [ "$1" -ge "$2" ] && [ "$1" -le "$3" ]
}

# is_hex TEXT LEAST-DIGITS MOST-DIGITS: lower case, whole bytes.
is_hex() {
    case $1 in
    *[!0-9a-f]*) return 1 ;;
    esac
    [ $((${#1} % 2)) -eq 0 ] && [ "${#1}" -ge "$2" ] && [ "${#1}" -le "$3" ]
}

# is_guid TEXT: upper case, no braces.
is_guid() {
    case $1 in
    *[!0-9A-F-]*) return 1 ;;
    ????????-????-????-????-????????????) ;;
    *) return 1 ;;
    esac
    [ "$(printf '%s' "$1" | tr -d '-' | wc -c)" -eq 32 ]
}

# is_identifier TEXT: a campaign, session or remedy: also a folder's name on the volume.
is_identifier() {
    case $1 in
    '' | *[!A-Za-z0-9._-]* | [._-]* | *. | *..*) return 1 ;;
    esac
    [ "${#1}" -le 64 ]
}

# is_plain_name NAME: no spelling of it means anything else to Windows: no streams, no short names, no devices, no
# dots or spaces that it would drop, no way up.
is_plain_name() {
    case $1 in
    '' | *[!A-Za-z0-9._\ -]* | [.\ -]* | *[.\ ]) return 1 ;;
    esac
    case $(printf '%s' "${1%%.*}" | tr 'a-z' 'A-Z') in
    CON | PRN | AUX | NUL | COM[0-9] | LPT[0-9]) return 1 ;;
    esac
    [ "${#1}" -le 64 ]
}

# is_plain_path PATH: relative, forward slashes, every component a plain name.
is_plain_path() {
    local rest=$1/
    [ "${#1}" -le 128 ] || return 1
    while [ -n "$rest" ]; do
        is_plain_name "${rest%%/*}" || return 1
        rest=${rest#*/}
    done
}

# lower TEXT: ASCII only.
lower() {
    printf '%s' "$1" | tr 'A-Z' 'a-z'
}
