# shellcheck shell=dash
# Name grammar: `=C-00000291-,#8,=-,#8,=.sys` is the literal, eight digits, and so on, and nothing else.

# is_grammar GRAMMAR: does it follow its own rules, and is every name it stands for a plain name?
is_grammar() {
    local rest="$1," part before='' parts=0 spelled=0 example=''
    while [ -n "$rest" ]; do
        part=${rest%%,*}
        rest=${rest#*,}
        parts=$((parts + 1))
        case $part in
        =*[!A-Za-z0-9._\ -]* | =) return 1 ;;
        =*)
            # Two literals in a row have another spelling: one literal.
            case $before in
            =*) return 1 ;;
            esac
            spelled=$((spelled + ${#part} - 1))
            example=$example${part#=}
            ;;
        '#'[1-9] | '#'[12][0-9] | '#3'[0-2]) example=$example$(printf "%0${part#?}d" 0) ;;
        *) return 1 ;;
        esac
        before=$part
    done
    [ "$parts" -le 16 ] && [ "$spelled" -ge 4 ] && is_plain_name "$example"
}

# name_fits GRAMMAR NAME: the whole name, from its first to its last character.
name_fits() {
    local grammar="$1," rest=$2 part count
    while [ -n "$grammar" ]; do
        part=${grammar%%,*}
        grammar=${grammar#*,}
        case $part in
        =*)
            part=${part#=}
            case $rest in
            "$part"*) rest=${rest#"$part"} ;;
            *) return 1 ;;
            esac
            ;;
        *)
            count=${part#?}
            while [ "$count" -gt 0 ]; do
                case $rest in
                [0-9]*) rest=${rest#?} ;;
                *) return 1 ;;
                esac
                count=$((count - 1))
            done
            ;;
        esac
    done
    [ -z "$rest" ]
}

# grammar_length GRAMMAR: every name it stands for has this many characters.
grammar_length() {
    local grammar="$1," part length=0
    while [ -n "$grammar" ]; do
        part=${grammar%%,*}
        grammar=${grammar#*,}
        case $part in
        =*) length=$((length + ${#part} - 1)) ;;
        *) length=$((length + ${part#?})) ;;
        esac
    done
    printf '%s' "$length"
}
