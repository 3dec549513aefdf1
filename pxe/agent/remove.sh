# shellcheck shell=dash
# Taking files away: a rename on the same volume into the quarantine, or an outright delete. Nothing is copied, so a
# full disk is no obstacle and the file's blocks never move.

# make_folder ROOT PATH: every component found as Windows would find it, or made. MADE is the folder.
make_folder() {
    local rest=$2/ current=$1 name
    while [ -n "$rest" ]; do
        name=${rest%%/*}
        rest=${rest#*/}
        find_component "$current" "$name"
        case $FOUND_COUNT in
        0)
            mkdir "$current/$name" || return 1
            current=$current/$name
            ;;
        1)
            current=$FOUND
            is_real_folder "$current" || return 1
            ;;
        *) return 1 ;;
        esac
    done
    MADE=$current
}

# write_manifest FILE ROOT FOLDER QUARANTINE SURVEY: appends what is about to move. Names and paths hold no character
# that JSON would want escaped (is_plain_name).
write_manifest() {
    local verdict name size sha256 mtime header from=${3#"$2"/} to=${4#"$2"/}
    while IFS=$TAB read -r verdict name size sha256 mtime header; do
        [ "$verdict" = bad ] || continue
        printf '{"from":"%s/%s","to":"%s/%s","size":%s,"sha256":"%s","mtime":%s,"header":"%s"}\n' \
            "$from" "$name" "$to" "$name" "$size" "$sha256" "$mtime" "$header"
    done <"$5" >>"$1"
}

# close_manifest ENTRIES FILE: the whole manifest.json (docs/formats/remedy.md).
close_manifest() {
    {
        printf '{"breakglassQuarantine":1,"remedy":"%s","remedySha256":"%s","campaign":"%s","session":"%s","files":[\n' \
            "$PLAN_REMEDY" "$PLAN_SHA256" "$PLAN_CAMPAIGN" "$SESSION"
        sed '$!s/$/,/' "$1"
        printf ']}\n'
    } >"$2"
}

# remove_bad ROOT FOLDER SURVEY QUARANTINE: removes every file the survey calls bad, if it is still the very same file.
# Appends `quarantined|deleted FROM TO SIZE SHA256 MTIME HEADER` to the file $ACTIONS. Stops at the first failure.
remove_bad() {
    local root=$1 folder=$2 quarantine=$4 verdict name size sha256 mtime header word to
    while IFS=$TAB read -r verdict name size sha256 mtime header; do
        [ "$verdict" = bad ] || continue
        judge_file "$folder/$name"
        [ "$VERDICT" = bad ] && [ "$FILE_SHA256" = "$sha256" ] || return 1
        if [ "$REMOVE_ACTION" = delete ]; then
            word=deleted to=-
            rm -f -- "$folder/$name" || return 1
        else
            word=quarantined to=${quarantine#"$root"/}/$name
            [ ! -e "$quarantine/$name" ] && [ ! -L "$quarantine/$name" ] || return 1
            mv -- "$folder/$name" "$quarantine/$name" || return 1
        fi
        printf '%s\t%s\t%s\t%s\t%s\t%s\t%s\n' "$word" "${folder#"$root"/}/$name" "$to" "$size" "$sha256" "$mtime" \
            "$header" >>"$ACTIONS"
    done <"$3"
    sync
}

# verify_actions ROOT: on a fresh read-only mount, is everything as $ACTIONS says? Appends `absent|present PATH` to
# $RUN/verified.
verify_actions() {
    local root=$1 word from to size sha256 mtime header fine=0
    while IFS=$TAB read -r word from to size sha256 mtime header; do
        if [ -e "$root/$from" ] || [ -L "$root/$from" ]; then
            printf 'present\t%s\n' "$from" >>"$RUN/verified"
            fine=1
        else
            printf 'absent\t%s\n' "$from" >>"$RUN/verified"
        fi
        [ "$word" = quarantined ] || continue
        [ "$(sha256sum <"$root/$to")" = "$sha256  -" ] && [ "$(stat -c %Y "$root/$to")" = "$mtime" ] || fine=1
    done <"$ACTIONS"
    return $fine
}
