# Words for tests on a private network. Each machine is a network namespace; this one is the station's. Sourced by
# dhcp-lan.ts with $NODE, $HERE (this folder) and $DIR (a folder of its own).
set -e
ip link set lo up

# waits COMMAND...: until it succeeds. A loaded machine takes its time.
waits() {
  for _ in $(seq 900); do
    if "$@"; then return 0; fi
    sleep 0.1
  done
  echo "waited in vain for: $*" >&2
  return 1
}

# listens MACHINE PORT: until a program there has the UDP port.
listens() {
  waits on "$1" grep -q "$(printf ':%04X ' "$2")" /proc/net/udp
}

# ends PID: ends a process that may not be ours, and returns when it is gone.
ends() {
  kill "$1"
  waits gone "$1"
}
# A process that its parent has not asked after yet is gone, too.
gone() { ! grep -qs '^State:.[^Z]' "/proc/$1/status"; }

# machine NAME: one more machine, without any interface yet.
machine() {
  unshare --net sleep 300 9>&- &
  eval "pid_$1=$!"
  until [ "$(readlink "/proc/$!/ns/net")" != "$(readlink /proc/self/ns/net)" ]; do sleep 0.05; done
  nsenter --target "$!" --net -- ip link set lo up
}

# on NAME COMMAND...: runs a command on that machine; on `station`, here.
on() {
  if [ "$1" = station ]; then
    shift
    "$@"
  else
    eval "on_pid=\$pid_$1"
    shift
    nsenter --target "$on_pid" --net -- "$@"
  fi
}

# beside NAME COMMAND...: runs a program on that machine that stays. It must not hold the station's standard input open.
beside() {
  on "$@" >/dev/null 2>&1 9>&- &
}

# switch NAME: a machine that joins all cables plugged into it.
switch() {
  machine "$1"
  on "$1" ip link add joins type bridge forward_delay 0 stp_state 0
  on "$1" ip link set joins up
}

# plug MACHINE INTERFACE SWITCH [ADDRESS/LENGTH [MAC]]: a cable.
plugs=0
plug() {
  plugs=$((plugs + 1))
  eval "plug_switch=\$pid_$3"
  on "$1" ip link add "$2" type veth peer name "port$plugs" netns "$plug_switch"
  [ -z "$5" ] || on "$1" ip link set "$2" address "$5"
  [ -z "$4" ] || on "$1" ip addr add "$4" brd + dev "$2"
  on "$1" ip link set "$2" up
  on "$3" ip link set "port$plugs" master joins up
}

# station JSON: the station of dhcp-station.ts; returns when it serves and leases, or has refused to start.
station() {
  rm -f "$DIR/in"
  mkfifo "$DIR/in"
  "$NODE" "$HERE/dhcp-station.ts" "$1" <"$DIR/in" >>"$DIR/station" 2>&1 &
  station_pid=$!
  exec 9>"$DIR/in"
  told '"ready"\|"refused"'
  case $1 in *range*) sleep 4.5 ;; esac
}

# stop: ends the station, and is its exit code.
stop() {
  exec 9>&-
  wait "$station_pid"
}

# told TEXT [FROM]: waits until the station has said so, in a line after line FROM.
told() {
  for _ in $(seq 900); do
    if tail -n "+$((${2:-0} + 1))" "$DIR/station" 2>/dev/null | grep -q "$1"; then return 0; fi
    sleep 0.1
  done
  echo "the station never said $1:" >&2
  cat "$DIR/station" >&2
  return 1
}

said() { wc -l <"$DIR/station"; }

# udhcpc MACHINE [OPTION...]: busybox's client asks once, takes the address, and prints what it was told.
cat >"$DIR/shows" <<'END'
#!/bin/sh
ip addr flush dev "$interface"
[ "$1" = bound ] || exit 0
ip addr add "$ip/$mask" brd + dev "$interface"
echo "ip=$ip subnet=$subnet router=$router lease=$lease server=$serverid file=$boot_file"
END
chmod +x "$DIR/shows"
udhcpc() {
  udhcpc_on=$1
  shift
  on "$udhcpc_on" busybox udhcpc -i eth0 -f -n -q -t 4 -T 1 -s "$DIR/shows" "$@" 2>>"$DIR/udhcpc" || echo "no lease"
}

# asks MACHINE HEX [ADDRESS]: sends one packet, and prints the answers (dhcp-ask.ts).
asks() {
  asks_on=$1
  shift
  on "$asks_on" ip route replace default dev eth0 metric 500
  on "$asks_on" "$NODE" "$HERE/dhcp-ask.ts" "$@"
}
