# shellcheck shell=dash
# What a person in front of the device sees. The whole screen is drawn each time; the serial line gets one line for each
# thing that happens. Neither ever shows a recovery password: nothing here is given one.

SCREEN=/dev/tty0
SERIAL=${SERIAL:-/dev/null}

# serial TEXT: one line on the serial console.
serial() {
    printf 'breakglass: %s\r\n' "$(printable "$1")" 2>/dev/null >"$SERIAL" || :
}

# printable TEXT: what came from elsewhere must not move the cursor.
printable() {
    printf '%s' "$1" | tr -cd '\040-\176'
}

# show HEADING TEXT: what is going on, and what to do about it.
show() {
    HEADING=$1
    MESSAGE=$2
    draw_screen
}

draw_screen() {
    {
        # Reset, clear, hide the cursor.
        printf '\033c\033[2J\033[H\033[?25l'
        printf '  breakglass recovery\n  %s  %s\n' "$(printable "${PRODUCT:-this device}")" "${DEVICE-}"
        printf '  ------------------------------------------------------------------------\n\n'
        printf '  Stage: %s\n\n' "$(stage_text "${STAGE-}")"
        if [ -n "${PAIRING-}" ] && [ -z "${FINISHED-}" ]; then
            printf '  Pairing code:\n\n'
            big_digits "$PAIRING"
            printf '\n'
        fi
        [ -z "${HEADING-}" ] || printf '  %s\n\n' "$(printable "$HEADING")"
        [ -z "${MESSAGE-}" ] || printf '%s\n' "$MESSAGE" | tr -cd '\012\040-\176' | fold -s -w 72 | sed 's/^/  /'
    } 2>/dev/null >"$SCREEN" || :
}

stage_text() {
    case $1 in
    booted) printf 'starting' ;;
    network) printf 'joining the network' ;;
    hello) printf 'contacting the station' ;;
    waiting) printf 'waiting for the station' ;;
    unlocking) printf 'unlocking the disk' ;;
    mounted) printf 'looking at the disk (nothing is written)' ;;
    removing) printf 'removing the bad file' ;;
    verifying) printf 'checking the result' ;;
    reported) printf 'done, reported to the station' ;;
    rebooting) printf 'restarting Windows' ;;
    esac
}

# big_digits CODE: digits and hyphens, five lines high, to be read across a room.
big_digits() {
    printf '%s\n' "$1" | awk '
        BEGIN {
            split("#####|#   #|#   #|#   #|#####,  #  | ##  |  #  |  #  | ### ,#####|    #|#####|#    |#####," \
                "#####|    #|#####|    #|#####,#   #|#   #|#####|    #|    #,#####|#    |#####|    #|#####," \
                "#####|#    |#####|#   #|#####,#####|    #|   # |  #  |  #  ,#####|#   #|#####|#   #|#####," \
                "#####|#   #|#####|    #|#####", digit, ",")
        }
        {
            for (row = 1; row <= 5; row++) {
                line = "     "
                for (i = 1; i <= length($0); i++) {
                    c = substr($0, i, 1)
                    if (c == "-") line = line (row == 3 ? " ###  " : "      ")
                    else { split(digit[c + 1], rows, "|"); line = line sprintf("%-5s   ", rows[row]) }
                }
                print line
            }
        }'
}
