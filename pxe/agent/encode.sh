# shellcheck shell=dash
# Fields of the agent protocol: percent-encoding both ways (docs/formats/agent-protocol.md).

# encode_field TEXT: prints the field; nothing at all is "-".
encode_field() {
    case $1 in
    '') printf '%s' - ;;
    -) printf '%s' %2D ;;
    *[!A-Za-z0-9._:/{}#=,+@-]*)
        printf '%s' "$1" | od -An -v -tx1 | awk '
            BEGIN {
                safe = "^[A-Za-z0-9._:/{}#=,+@-]$"
                for (i = 33; i < 127; i++) printable[sprintf("%02x", i)] = sprintf("%c", i)
            }
            {
                for (i = 1; i <= NF; i++) {
                    c = printable[$i]
                    printf "%s", (c ~ safe ? c : "%" toupper($i))
                }
            }'
        ;;
    *) printf '%s' "$1" ;;
    esac
}

# decode_field FIELD: prints the text, or fails if it is not properly encoded or holds a control character.
decode_field() {
    local rest
    case $1 in
    '' | *[!A-Za-z0-9._:/{}#=,+@%-]*) return 1 ;;
    *%*)
        rest=$1
        while [ "$rest" != "${rest#*%}" ]; do
            rest=${rest#*%}
            case $rest in
            [01][0-9A-F]* | 7F*) return 1 ;;
            [2-9A-F][0-9A-F]*) ;;
            *) return 1 ;;
            esac
        done
        printf '%b' "$(printf '%s' "$1" | sed 's/%/\\x/g')"
        ;;
    *) printf '%s' "$1" ;;
    esac
}
