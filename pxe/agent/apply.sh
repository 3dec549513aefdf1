# shellcheck shell=dash
# Doing what the plan says on every Windows volume: look at everything first, decide once for the whole device, write
# only if every volume may be written, and look again from a fresh read-only mount.

# fetch_plan: gets the plan and checks all of it. Fails with OUTCOME plan-refused, or with the station's refusal.
fetch_plan() {
    local problem
    begin_message "$RUN/plan-request" plan
    end_message "$RUN/plan-request"
    ask_through plan "$RUN/plan-request" "$RUN/plan-answer"
    if [ "$ANSWER_KIND" = refused ]; then read_refusal "$RUN/plan-answer" && return 1; fi
    mkdir -p "$RUN/plan"
    if ! problem=$(accept_plan "$RUN/plan-answer" "$RUN/plan"); then
        serial "plan refused: $problem"
        OUTCOME=plan-refused
        return 1
    fi
    load_plan "$RUN/plan/plan"
    REMOVALS=$(($(wc -l <"$RUN/plan-answer") - 3))
}

# prepare_removal R
prepare_removal() {
    load_removal "$RUN/plan/remove-$1"
    prepare_judge
}

# survey_volume N: judges every removal's folder on a volume that is mounted read-only. DECISION is what is to be done.
survey_volume() {
    local root removal=1 decision
    root=$(volume_get "$1" mount)
    DECISION=already-clean
    while [ "$removal" -le "$REMOVALS" ]; do
        prepare_removal "$removal"
        resolve_folder "$root" "$REMOVE_FOLDER"
        : >"$RUN/volume/$1/survey-$removal"
        case $RESOLVE in
        absent) decision=already-clean ;;
        refused) decision=path-refused ;;
        found)
            survey_folder "$RESOLVED" "$RUN/volume/$1/survey-$removal"
            report_files "${RESOLVED#"$root"/}" "$RUN/volume/$1/survey-$removal"
            decision=$(decide_survey "$RUN/volume/$1/survey-$removal")
            ;;
        esac
        DECISION=$(graver "$DECISION" "$decision")
        removal=$((removal + 1))
    done
}

# graver WORD WORD: the one that decides for both.
graver() {
    local word
    for word in path-refused too-many-files volume-hibernated mount-failed write-failed verify-failed remove rescued \
        not-a-channel-file already-clean; do
        if [ "$1" = "$word" ] || [ "$2" = "$word" ]; then printf '%s' "$word" && return; fi
    done
}

# report_files FOLDER SURVEY: for the report: `VERDICT PATH SIZE SHA256 MTIME HEADER`.
report_files() {
    local verdict name rest
    while IFS=$TAB read -r verdict name rest; do
        printf '%s\t%s/%s\t%s\n' "$verdict" "$1" "$name" "$rest"
    done <"$2" >>"$RUN/files"
}

# apply_plan: OUTCOME.
apply_plan() {
    local n decision=already-clean
    for n in $WINDOWS; do
        survey_volume "$n"
        if [ "$DECISION" = remove ] && [ "$(volume_get "$n" ntfs)" = hibernated ] && [ "$PLAN_HIBERNATED" = stop ]; then
            DECISION=volume-hibernated
        fi
        volume_set "$n" decision "$DECISION"
        decision=$(graver "$decision" "$DECISION")
    done
    OUTCOME=$decision
    [ "$decision" = remove ] || return 0
    stage removing
    OUTCOME=rescued
    for n in $WINDOWS; do
        [ "$(volume_get "$n" decision)" = remove ] || continue
        remove_on_volume "$n"
        OUTCOME=$(graver "$OUTCOME" "$VOLUME_OUTCOME")
        cat "$ACTIONS" >>"$RUN/actions"
    done
}

# remove_on_volume N: VOLUME_OUTCOME is rescued, mount-failed, write-failed or verify-failed. Leaves the volume mounted
# read-only if it can.
remove_on_volume() {
    local device root state
    device=$(volume_get "$1" device)
    root=$(volume_get "$1" mount)
    state=$(volume_get "$1" ntfs)
    ACTIONS=$RUN/volume/$1/actions
    : >"$ACTIONS"
    VOLUME_OUTCOME=mount-failed
    unmount "$device" "$root" || return 0
    if [ "$state" = hibernated ]; then
        discard_hibernation "$device" "$root" || return 0
        if ntfs_dirty "$device"; then state=dirty; else state=clean; fi
    fi
    mount_writable "$device" "$root" "$state" || return 0
    VOLUME_OUTCOME=rescued
    remove_on_mounted "$1" "$root" || VOLUME_OUTCOME=write-failed
    unmount "$device" "$root" || VOLUME_OUTCOME=write-failed
    stage verifying
    mount_read_only "$device" "$root" && verify_actions "$root" && none_is_bad "$root" ||
        VOLUME_OUTCOME=$(graver "$VOLUME_OUTCOME" verify-failed)
}

# remove_on_mounted N ROOT: every removal on a volume that is mounted for writing.
remove_on_mounted() {
    local removal=1 quarantine='' survey
    : >"$RUN/manifest"
    # The manifest of all that will move is on the disk before anything moves.
    while [ "$removal" -le "$REMOVALS" ]; do
        prepare_removal "$removal"
        survey=$RUN/volume/$1/survey-$removal
        removal=$((removal + 1))
        if [ "$REMOVE_ACTION" = delete ] || ! grep -q "^bad$TAB" "$survey"; then continue; fi
        resolve_folder "$2" "$REMOVE_FOLDER"
        [ "$RESOLVE" = found ] || return 1
        make_folder "$2" "$PLAN_QUARANTINE/$PLAN_CAMPAIGN/$SESSION" || return 1
        quarantine=$MADE
        write_manifest "$RUN/manifest" "$2" "$RESOLVED" "$quarantine" "$survey"
    done
    if [ -n "$quarantine" ]; then
        if [ -e "$quarantine/manifest.json" ] || [ -L "$quarantine/manifest.json" ]; then return 1; fi
        close_manifest "$RUN/manifest" "$quarantine/manifest.json" && sync || return 1
    fi
    removal=1
    while [ "$removal" -le "$REMOVALS" ]; do
        prepare_removal "$removal"
        survey=$RUN/volume/$1/survey-$removal
        removal=$((removal + 1))
        grep -q "^bad$TAB" "$survey" || continue
        resolve_folder "$2" "$REMOVE_FOLDER"
        [ "$RESOLVE" = found ] && remove_bad "$2" "$RESOLVED" "$survey" "$quarantine" || return 1
    done
}

# none_is_bad ROOT: a new look at every folder finds no bad file any more.
none_is_bad() {
    local removal=1
    while [ "$removal" -le "$REMOVALS" ]; do
        prepare_removal "$removal"
        removal=$((removal + 1))
        resolve_folder "$1" "$REMOVE_FOLDER"
        case $RESOLVE in
        absent) continue ;;
        refused) return 1 ;;
        esac
        survey_folder "$RESOLVED" "$RUN/survey-again"
        ! grep -q "^bad$TAB" "$RUN/survey-again" || return 1
    done
}
