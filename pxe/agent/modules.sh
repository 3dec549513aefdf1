# shellcheck shell=dash
# Drivers, by what the hardware says it is.

# coldplug: loads the modules for all devices that have appeared so far. One modprobe for all of them: each reads the
# whole alias table. Aliases with spaces and quotes are the machine's own description (dmi:), which no driver here uses.
coldplug() {
    find /sys/devices -name modalias -type f -exec cat {} + 2>/dev/null | sort -u | grep -v "[\\ '\"]" |
        xargs modprobe -a -q -b 2>/dev/null
}

# load_modules: first what no piece of hardware asks for (BitLocker's ciphers, NTFS, FUSE): the image lists it.
load_modules() {
    xargs modprobe -a -q </etc/breakglass/modules 2>/dev/null
    coldplug
}
