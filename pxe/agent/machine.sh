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

# secure_boot: on, off or unknown. The variable's first four bytes are its attributes.
secure_boot() {
    local variable=/sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c
    if [ ! -d /sys/firmware/efi ]; then printf off && return; fi
    case $(od -An -v -tx1 "$variable" 2>/dev/null | tr -d ' \n') in
    ????????01) printf on ;;
    ????????00) printf off ;;
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
