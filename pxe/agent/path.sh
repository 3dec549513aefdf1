# shellcheck shell=dash
# Finding a folder on the volume as Windows would, without following anything.

# By its full path: busybox has an applet of this name, which its shell prefers and which prints text for people.
GETFATTR=${GETFATTR:-/usr/bin/getfattr}

# reparse_state PATH: prints yes, no or unknown. NTFS marks junctions, symbolic links, placeholders and the like with
# FILE_ATTRIBUTE_REPARSE_POINT (0x400); system.ntfs_attrib gives the attributes as four little-endian bytes.
reparse_state() {
    local attributes
    attributes=$("$GETFATTR" -h --only-values -n system.ntfs_attrib "$1" 2>/dev/null | od -An -v -tx1 | tr -d ' \n')
    case $attributes in
    ???[4-7c-f]????) printf yes ;;
    ????????) printf no ;;
    *) printf unknown ;;
    esac
}

# find_component FOLDER NAME: how many entries of FOLDER are NAME to Windows, that is, but for case.
# FOUND_COUNT; FOUND is the one entry if there is one.
find_component() {
    # NAME holds letters, digits, `. _ -` and space (is_plain_name), so it is no pattern.
    FOUND=$(find "$1" -maxdepth 1 -mindepth 1 -iname "$2")
    FOUND_COUNT=0
    [ -z "$FOUND" ] || FOUND_COUNT=$(($(printf '%s\n' "$FOUND" | wc -l)))
}

# is_real_folder PATH: a folder itself, not something that leads to one.
is_real_folder() {
    [ ! -L "$1" ] && [ -d "$1" ] && [ "$(reparse_state "$1")" = no ]
}

# resolve_folder ROOT PATH: walks down the components. RESOLVED is the folder as the volume spells it.
# RESOLVE is found, absent or refused.
resolve_folder() {
    local rest=$2/ current=$1
    RESOLVED=''
    while [ -n "$rest" ]; do
        find_component "$current" "${rest%%/*}"
        rest=${rest#*/}
        case $FOUND_COUNT in
        0) RESOLVE=absent && return ;;
        1) ;;
        *) RESOLVE=refused && return ;;
        esac
        current=$FOUND
        is_real_folder "$current" || { RESOLVE=refused && return; }
    done
    RESOLVED=$current
    RESOLVE=found
}
