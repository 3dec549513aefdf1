# shellcheck shell=dash
# NTFS after a crash: read-only first, look for a hibernated session and for the dirty flag ourselves, and write only
# then. ntfs3 mounts a hibernated volume for writing without a word.

MOUNT_OPTIONS=nodev,nosuid,noexec,noatime

# mount_read_only DEVICE FOLDER
mount_read_only() {
    mkdir -p "$2"
    blockdev --setro "$1" && mount -t ntfs3 -o "ro,$MOUNT_OPTIONS" "$1" "$2"
}

# mount_writable DEVICE FOLDER dirty|clean: `force` only if the volume is known to be dirty and not hibernated; the flag
# stays, so that Windows runs its own check.
mount_writable() {
    local force=''
    [ "$3" != dirty ] || force=,force
    blockdev --setrw "$1" && mount -t ntfs3 -o "rw,$MOUNT_OPTIONS$force" "$1" "$2" || return 1
    # A mount that had to fall back to read-only succeeds all the same.
    grep -q " $2 ntfs3 rw[, ]" /proc/mounts || { umount "$2"; return 1; }
}

# unmount DEVICE FOLDER
unmount() {
    sync
    umount "$2" && blockdev --setro "$1"
}

# ntfs_state DEVICE FOLDER: prints clean, dirty or hibernated; FOLDER is where it is mounted read-only.
ntfs_state() {
    local magic=''
    find_component "$2" hiberfil.sys
    # Two files of that name: Windows would open one of them, and we cannot tell which.
    [ "$FOUND_COUNT" -le 1 ] || { printf hibernated; return; }
    [ "$FOUND_COUNT" -eq 0 ] || magic=$(first_bytes "$FOUND" 4)
    case $magic in
    68696272 | 48494252) printf hibernated ;;
    *) ntfs_dirty "$1" && printf dirty || printf clean ;;
    esac
}

# ntfs_dirty DEVICE: bit 0 of the flags in $VOLUME_INFORMATION (attribute 0x70) of MFT record 3. What cannot be read is
# called dirty.
ntfs_dirty() {
    local place
    place=$(ntfs_volume_record "$1") || return 0
    # shellcheck disable=SC2086 # two numbers, offset and length
    [ "$(le_bytes "$1" $place | ntfs_volume_flags)" != 0 ]
}

# ntfs_volume_record DEVICE: prints the offset and length of MFT record 3, in bytes.
ntfs_volume_record() {
    le_bytes "$1" 0 512 | awk '
        # The awk of a static busybox has no power operator.
        function power(n,    value) { for (value = 1; n > 0; n--) value *= 2; return value }
        { for (i = 1; i <= NF; i++) b[n++] = $i }
        END {
            sector = b[11] + b[12] * 256
            cluster = sector * (b[13] > 128 ? power(256 - b[13]) : b[13])
            for (i = 7; i >= 0; i--) lcn = lcn * 256 + b[48 + i]
            record = b[64] > 127 ? power(256 - b[64]) : b[64] * cluster
            if (sector < 512 || cluster < 512 || record < 512 || lcn < 1 || lcn > 1099511627776) exit 1
            printf "%.0f %d\n", lcn * cluster + 3 * record, record
        }'
}

# ntfs_volume_flags: standard input is MFT record 3 in decimal bytes; prints the dirty bit, 0 or 1.
ntfs_volume_flags() {
    awk '
        function u16(at) { return b[at] + b[at + 1] * 256 }
        function u32(at) { return u16(at) + u16(at + 2) * 65536 }
        { for (i = 1; i <= NF; i++) b[n++] = $i }
        END {
            if (b[0] != 70 || b[1] != 73 || b[2] != 76 || b[3] != 69) exit 1
            # The last two bytes of every 512 are kept in the update sequence array.
            for (i = 1; i < u16(6) && i * 512 <= n; i++) {
                b[i * 512 - 2] = b[u16(4) + i * 2]
                b[i * 512 - 1] = b[u16(4) + i * 2 + 1]
            }
            for (at = u16(20); at + 24 <= n && u32(at) != 4294967295; at += u32(at + 4)) {
                if (u32(at + 4) < 24) exit 1
                if (u32(at) == 112) { print b[at + u16(at + 20) + 10] % 2; exit 0 }
            }
            exit 1
        }'
}

# discard_hibernation DEVICE FOLDER: only ever done because the plan says so.
discard_hibernation() {
    modprobe -q fuse
    blockdev --setrw "$1" && ntfs-3g -o "remove_hiberfile,$MOUNT_OPTIONS" "$1" "$2" && sync && umount "$2"
}
