# shellcheck shell=dash
# What a file is, and what that makes it (test/vectors/agent/files.json, folder-decisions.json).

# first_bytes FILE COUNT: lower-case hex.
first_bytes() {
    head -c "$2" <"$1" | od -An -v -tx1 | tr -d ' \n'
}

# judge_file PATH: judges one directory entry against the loaded removal (load_removal).
# VERDICT; and, if the name fits, FILE_NAME FILE_SIZE FILE_SHA256 FILE_MTIME FILE_HEADER as far as they could be read.
judge_file() {
    local path=$1
    FILE_NAME=${1##*/} FILE_SIZE='' FILE_SHA256='' FILE_MTIME='' FILE_HEADER=''
    if ! name_fits "$REMOVE_NAME" "$FILE_NAME"; then
        VERDICT=not-named
        [ "${#FILE_NAME}" -eq "$REMOVE_LENGTH" ] || return 0
        name_fits "$REMOVE_NAME_LOWER" "$(lower "$FILE_NAME")" || return 0
        VERDICT=refused-case
        return 0
    fi
    if [ -L "$path" ] || [ ! -f "$path" ]; then VERDICT=refused-not-regular && return; fi
    FILE_SIZE=$(stat -c %s "$path")
    FILE_MTIME=$(stat -c %Y "$path")
    if [ "$(reparse_state "$path")" != no ]; then VERDICT=refused-reparse && return; fi
    FILE_HEADER=$(first_bytes "$path" $((${#REMOVE_HEADER} / 2)))
    FILE_SHA256=$(sha256sum <"$path") && FILE_SHA256=${FILE_SHA256%% *}
    if [ "$(stat -c %h "$path")" -gt 1 ]; then VERDICT=refused-link && return; fi
    if [ "$FILE_HEADER" != "$REMOVE_HEADER" ]; then VERDICT=header-differs && return; fi
    if [ "$FILE_MTIME" -lt "$REMOVE_NOT_BEFORE" ]; then VERDICT=older && return; fi
    if [ "$FILE_MTIME" -ge "$REMOVE_BEFORE" ]; then VERDICT=good-later && return; fi
    VERDICT=bad
}

# prepare_judge: what judge_file needs beside the loaded removal.
prepare_judge() {
    REMOVE_LENGTH=$(grammar_length "$REMOVE_NAME")
    REMOVE_NAME_LOWER=$(lower "$REMOVE_NAME")
}

# survey_folder FOLDER FILE: judges every entry. FILE gets a line `VERDICT NAME SIZE SHA256 MTIME HEADER` (tabs) for
# each whose name fits; a name that fits holds no tab or line end.
survey_folder() {
    local entry
    : >"$2"
    for entry in "$1"/*; do
        judge_file "$entry"
        [ "$VERDICT" != not-named ] || continue
        printf '%s\t%s\t%s\t%s\t%s\t%s\n' "$VERDICT" "$FILE_NAME" "${FILE_SIZE:--}" "${FILE_SHA256:--}" \
            "${FILE_MTIME:--}" "${FILE_HEADER:--}" >>"$2"
    done
}

# decide_survey FILE: prints remove, already-clean, not-a-channel-file, too-many-files or path-refused.
decide_survey() {
    local bad
    if grep -q '^refused-' "$1"; then printf path-refused && return; fi
    bad=$(grep -c "^bad$TAB" "$1")
    if [ "$bad" -gt "$REMOVE_MAX" ]; then
        printf too-many-files
    elif [ "$bad" -gt 0 ]; then
        printf remove
    elif grep -q "^header-differs$TAB" "$1"; then
        printf not-a-channel-file
    else
        printf already-clean
    fi
}
