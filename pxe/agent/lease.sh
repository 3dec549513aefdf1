#!/bin/sh
# shellcheck shell=dash
# What udhcpc runs when a lease begins, changes or ends. The values come from the DHCP server through the environment;
# only addresses are used.

# shellcheck disable=SC2154 # interface, ip, mask and router are udhcpc's
case $1 in
deconfig) ip addr flush dev "$interface" && ip link set "$interface" up ;;
bound | renew)
    ip addr replace "$ip/${mask:-24}" dev "$interface"
    [ -z "${router-}" ] || ip route replace default via "${router%% *}" dev "$interface"
    ;;
esac
