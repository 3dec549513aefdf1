# shellcheck shell=dash
# The network: the NIC that booted, a lease from the site's own DHCP server, nothing else.

# nics_to_try: the interface with the MAC address that booted; all Ethernet interfaces if it has not appeared.
nics_to_try() {
    local nic all=''
    for nic in /sys/class/net/*; do
        [ -e "$nic/device" ] && [ "$(cat "$nic/type")" = 1 ] || continue
        if [ "$(cat "$nic/address")" = "$DEVICE" ]; then printf '%s\n' "${nic##*/}" && return; fi
        all="$all ${nic##*/}"
    done
    [ "${1-}" != all ] || printf '%s\n' "$all"
}

# join_network: returns when an interface has an address. udhcpc stays, to keep the lease alive while the device waits.
join_network() {
    local tries=0 nic nics
    nics=$(nics_to_try)
    while [ -z "$nics" ]; do
        tries=$((tries + 1))
        [ "$tries" -ne 10 ] || show 'No network card.' \
            'The recovery image has no driver for the network card of this device, or the card is not ready yet. Nothing was changed. Wait one minute. If this message stays, build the image with the driver (pxe/image/drivers-fleet.txt), or use another network card (USB, for example).'
        sleep 1
        coldplug
        if [ "$tries" -lt 5 ]; then nics=$(nics_to_try); else nics=$(nics_to_try all); fi
    done
    for nic in $nics; do
        ip link set "$nic" up
        udhcpc -f -i "$nic" -V breakglass -t 5 -T 1 -A 2 -s "$AGENT/lease.sh" >&2 &
    done
    tries=0
    until ip -4 addr show scope global | grep -q inet; do
        tries=$((tries + 1))
        [ "$tries" -ne 150 ] || show 'No address from the network.' \
            "No DHCP server answers on $nics. Nothing was changed. Check the cable and the network. This device continues by itself."
        usleep 100000
    done
}
