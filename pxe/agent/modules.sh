# shellcheck shell=dash
# Drivers, by what the hardware says it is.

# coldplug: loads the modules for all devices that have appeared so far. One modprobe for all of them: each reads the
# whole alias table. Aliases with spaces and quotes are the machine's own description (dmi:), which no driver here uses.
coldplug() {
    find /sys/devices -name modalias -type f -exec cat {} + 2>/dev/null | sort -u | grep -v "[\\ '\"]" |
        xargs modprobe -a -q -b 2>/dev/null
}

# load_modules: first what no piece of hardware asks for: BitLocker through device-mapper (dm-zero stands in for the
# metadata areas), NTFS, FUSE, firmware variables.
load_modules() {
    modprobe -a -q dm_mod dm_crypt dm_zero xts cbc ecb ccm aesni_intel sha256_ssse3 sha256_generic af_alg \
        algif_skcipher ntfs3 nls_utf8 fuse loop efivarfs 2>/dev/null
    coldplug
}
