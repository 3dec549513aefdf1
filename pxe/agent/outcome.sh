# shellcheck shell=dash
# What each outcome means to the person in front of the device: what happened, what was left untouched, what to do next.

# outcome_text OUTCOME
outcome_text() {
    case $1 in
    rescued)
        printf 'The bad file was removed, and the disk was checked again. Everything else is unchanged. This device restarts now.' ;;
    already-clean)
        printf 'There is no bad file on this device. Nothing was changed. This device restarts now. If Windows still crashes, there is another cause.' ;;
    not-a-channel-file)
        printf 'A file has the name of a bad file, but different content or another date. Nothing was changed. Next: someone has to look at this device. The station has the details.' ;;
    wrong-key)
        printf 'The vault has no recovery password that opens this disk. Nothing was changed. Next: find the newest recovery password (the disk may have been encrypted again since the export) and import it at the station. Then switch this device off and boot it from the network again.' ;;
    volume-encrypting)
        printf 'BitLocker has not finished encrypting or decrypting this disk. Only Windows can open it now. Nothing was changed, and no recovery password was asked for. Next: use Windows recovery on this device (Safe Mode or its command prompt).' ;;
    volume-unsupported)
        printf 'This recovery image cannot open the BitLocker volume of this disk: its metadata is damaged, or it is of a kind that only Windows can open. Nothing was changed. Next: use Windows recovery on this device (its command prompt; repair-bde if the disk is damaged).' ;;
    volume-not-looked-at)
        printf 'No bad file was found, but not every volume that may hold Windows was looked at. Nothing was changed. Next: see below what is missing for each volume. Then boot this device from the network again.' ;;
    volume-hibernated)
        printf 'Windows is hibernated on this disk, or was shut down with fast startup. Writing to the disk now could damage files. Nothing was changed. Next: if unsaved work may be lost, halt the campaign at the station and arm it with --discard-hibernated. Then boot this device from the network again.' ;;
    no-volume)
        printf 'No disk with Windows was found. Nothing was changed. Next: check that the disk is connected, and check the storage mode in the firmware settings (RAID or VMD). If the image has no driver for the disk, build it with that driver (pxe/image/drivers-fleet.txt).' ;;
    no-windows-volume)
        printf 'No Windows was found on the disks of this device. Nothing was changed. Next: someone has to look at this device.' ;;
    plan-refused)
        printf 'The plan from the station breaks a rule of this recovery image. Nothing was changed. Next: use an image and a station of the same version, and check the remedy at the station: breakglass remedy check FILE' ;;
    too-many-files)
        printf 'There are more bad files than the remedy allows. Nothing was changed. Next: someone has to look at this device before you use a remedy with a higher limit.' ;;
    path-refused)
        printf 'A folder or a file is not what it should be: it is a link, it has a second name, or two names differ only in upper and lower case. Nothing was changed. Next: someone has to look at this device. The station has the details.' ;;
    mount-failed)
        printf 'The disk could not be opened or mounted. Nothing was removed. Next: check the disk in Windows recovery (chkdsk). Then boot this device from the network again.' ;;
    write-failed)
        printf 'The bad file could not be removed and may still be there. Files that were moved are in Windows\\Breakglass-Quarantine. Next: check the disk in Windows recovery (chkdsk). Then boot this device from the network again.' ;;
    verify-failed)
        printf 'The bad file was removed, but the check after it failed. Do not use this device yet. Files that were moved are in Windows\\Breakglass-Quarantine. Next: check the disk in Windows recovery (chkdsk).' ;;
    refused)
        printf '%s' "$REFUSED_TEXT" ;;
    esac
}

# volume_texts: a line for each volume, if one that can hold Windows was not looked at, or more than one holds Windows.
volume_texts() {
    local n=1 windows
    [ "${VOLUMES:-0}" -gt 0 ] || return 0
    windows=$(look_is windows | wc -w)
    [ "$windows" -gt 1 ] || [ -n "$(look_is in-doubt no-key not-released wrong-key encrypting unsupported mount-failed)" ] ||
        return 0
    printf '\n'
    while [ "$n" -le "$VOLUMES" ]; do
        printf '\n%s: %s' "$(volume_get "$n" path)" "$(look_text "$(volume_get "$n" look)")"
        n=$((n + 1))
    done
}

# look_text LOOK
look_text() {
    case $1 in
    windows) printf 'Windows, looked at' ;;
    no-windows) printf 'no Windows on it' ;;
    data) printf 'a data volume, not looked at' ;;
    in-doubt) printf 'not looked at: locked, and it may or may not hold Windows' ;;
    no-key) printf 'not looked at: the vault has no recovery password for it' ;;
    not-released) printf 'not looked at: no recovery password was released for it' ;;
    wrong-key) printf 'not looked at: no recovery password of the vault opens it' ;;
    encrypting) printf 'not looked at: BitLocker is encrypting or decrypting it' ;;
    unsupported) printf 'not looked at: this image cannot open it' ;;
    mount-failed) printf 'not looked at: it could not be mounted' ;;
    esac
}
