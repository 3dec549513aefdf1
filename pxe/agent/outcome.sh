# shellcheck shell=dash
# What each outcome means to the person in front of the device: what happened, what was left untouched, what to do next.

# outcome_text OUTCOME
outcome_text() {
    case $1 in
    rescued)
        printf 'The bad file was removed and the disk was checked again afterwards. Everything else is as it was. This device restarts now.' ;;
    already-clean)
        printf 'There is no bad file on this device. Nothing was changed. This device restarts now; if Windows still crashes, the cause is another one.' ;;
    not-a-channel-file)
        printf 'A file has the name of a bad file, but not its content or not its date. Nothing was changed. Someone has to look at this device; the station has the details.' ;;
    wrong-key)
        printf 'No recovery password of the vault opens this disk. Nothing was changed. Next: find the newest recovery password (the disk may have been encrypted anew), import it at the station, then switch this device off and network-boot it again.' ;;
    volume-encrypting)
        printf 'BitLocker has not finished encrypting or decrypting this disk, and only Windows itself can open it. Nothing was changed. Next: use Windows recovery (Safe Mode, or its command prompt) on this device.' ;;
    volume-hibernated)
        printf 'Windows is hibernated on this disk (or was shut down with fast startup). Writing to it now could damage files. Nothing was changed. Next: at the station, arm the campaign so that hibernated sessions are discarded, if unsaved work may be lost; then network-boot this device again.' ;;
    no-volume)
        printf 'No disk with Windows was found. Nothing was changed. Next: check that the disk is connected and look at the storage setting in the firmware (RAID or VMD); or build the image with its driver (pxe/image/drivers-fleet.txt).' ;;
    no-windows-volume)
        printf 'The disks of this device hold no Windows that could be read. Nothing was changed. Next: someone has to look at this device.' ;;
    plan-refused)
        printf 'The plan of the station does not follow the rules that this image knows. Nothing was changed. Next: use image and station of the same version, and check the remedy: breakglass remedy check FILE' ;;
    too-many-files)
        printf 'More files look bad than the remedy allows. None was touched. Next: someone has to look at this device before a remedy with a higher limit is used.' ;;
    path-refused)
        printf 'A folder or a file is not what it should be: a link, a second name, or two names that differ only in upper and lower case. Nothing was changed. Next: someone has to look at this device; the station has the details.' ;;
    mount-failed)
        printf 'The disk could not be opened or mounted as it has to be. Nothing was removed. Next: run a disk check from Windows recovery (chkdsk), then network-boot this device again.' ;;
    write-failed)
        printf 'Removing the file did not work; it may be there still. What was moved is in Windows\\Breakglass-Quarantine. Next: run a disk check from Windows recovery (chkdsk), then network-boot this device again.' ;;
    verify-failed)
        printf 'The disk does not show the result that it should after the removal. Do not trust this device yet. Next: run a disk check from Windows recovery (chkdsk); what was moved is in Windows\\Breakglass-Quarantine.' ;;
    refused)
        printf '%s' "$REFUSED_TEXT" ;;
    esac
}
