# shellcheck shell=dash
# Who this device is, as its firmware tells.

DMI=/sys/class/dmi/id

# dmi NAME: one identity of the firmware, or nothing. Firmware writes anything: only printable ASCII is kept.
dmi() {
    tr -cd '\040-\176' <"$DMI/$1" 2>/dev/null | sed 's/^ *//; s/ *$//' | cut -c 1-128
}

# machine_uuid: nothing if the firmware has none (all zeros or all ones).
machine_uuid() {
    local uuid
    uuid=$(dmi product_uuid | tr 'a-z' 'A-Z')
    is_guid "$uuid" || return 0
    case $(printf '%s' "$uuid" | tr -d '-') in
    *[!0]*[!F]* | *[!F]*[!0]*) printf '%s' "$uuid" ;;
    esac
}

# secure_boot: on, off or unknown, as the kernel's EFI stub found it; off on a BIOS, which has none. On x64 it is byte 492
# of the boot parameters (Linux, Documentation/arch/x86/zero-page.rst; 2 off, 3 on). arm64 has no such thing: there it
# is what Debian's kernel said about it at start. Mounting efivarfs to ask the firmware costs seconds (measured).
secure_boot() {
    if [ ! -d /sys/firmware/efi ]; then printf off && return; fi
    case $(od -An -v -tu1 -j 492 -N 1 /sys/kernel/boot_params/data 2>/dev/null | tr -d ' ')$(
        dmesg | sed -n 's/.*secureboot: Secure boot \(enabled\|disabled\).*/\1/p'
    ) in
    3* | enabled) printf on ;;
    2* | disabled) printf off ;;
    *) printf unknown ;;
    esac
}

# nic_addresses: MAC addresses of all Ethernet interfaces that are hardware, one a line.
nic_addresses() {
    local nic
    for nic in /sys/class/net/*; do
        [ -e "$nic/device" ] && [ "$(cat "$nic/type")" = 1 ] || continue
        cat "$nic/address"
    done | sort -u
}
