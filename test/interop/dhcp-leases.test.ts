import { beforeAll, expect, it } from "vitest";
import { notices, type OnLan, onLan } from "./dhcp-lan.ts";
import { describeWith } from "./needs.ts";

const DEVICE = "52:54:00:00:00:01";
const STRANGER = "52:54:00:00:00:66";
const setup = (fields: object = {}) =>
  JSON.stringify({ interfaces: ["lan0"], range: "10.99.0.100-10.99.0.199", devices: [DEVICE], ...fields });

/** A switch with the station and one device of the campaign on it. */
const LAN = `
switch sw
plug station lan0 sw 10.99.0.2/24
machine device
plug device eth0 sw '' ${DEVICE}
`;
const DNSMASQ = `
site() { beside site dnsmasq --no-daemon --conf-file=/dev/null --port=0 --bind-interfaces --interface=eth0 --no-ping \\
  --leasefile-ro --dhcp-range=10.99.0.50,10.99.0.59,255.255.255.0,1h; }
machine site
plug site eth0 sw 10.99.0.1/24
`;
const ADDRESS = /ip=(10\.99\.0\.1\d\d) /;
const address = (text: string | undefined) => ADDRESS.exec(text ?? "")?.[1] ?? text;

describeWith(["busybox", "dhclient", "unshare", "ip", "nsenter"], "clients of the station's leases", () => {
  let ran: OnLan;
  beforeAll(() => {
    ran = onLan(`${LAN}
      station '${setup()}'
      echo == udhcpc; udhcpc device
      echo == agent; udhcpc device -V breakglass
      echo == windows; udhcpc device -V 'MSFT 5.0' -x hostname:PC-1
      echo == identifier; udhcpc device -x 0x3d:010203040506
      echo == reboot; on device busybox udhcpc -i eth0 -f -n -q -t 4 -T 1 -r 10.99.0.77 -s "$DIR/shows" 2>&1
      echo == released
      nsenter --target "$pid_device" --net -- busybox udhcpc -i eth0 -f -R -s "$DIR/shows" >"$DIR/released" 2>&1 9>&- & client=$!
      waits grep -q '^ip=' "$DIR/released"; kill "$client"; wait "$client" || true; cat "$DIR/released"
      before=$(said); echo >&9; told '"leases":0' "$before"
      cat >"$DIR/script" <<'END'
#!/bin/sh
[ -n "$new_ip_address" ] || exit 0
ip addr replace "$new_ip_address/24" dev "$interface"
echo "$reason ip=$new_ip_address mask=$new_subnet_mask lease=$new_dhcp_lease_time"
END
      chmod +x "$DIR/script"
      dhclient() { on device dhclient -4 -lf "$DIR/leases" -pf "$DIR/pid" -sf "$DIR/script" "$@" eth0 2>>"$DIR/dhclient"; }
      echo == dhclient; dhclient -1
      waits test -s "$DIR/pid"; ends "$(cat "$DIR/pid")"
      echo == dhclient-again; dhclient -1
      echo >&9; told '"leases":1'
      dhclient -r
      echo == dhclient-released; before=$(said); echo >&9; told '"leases":0' "$before"; echo yes
      on device ip link set eth0 down; on device ip link set eth0 address ${STRANGER}; on device ip link set eth0 up
      echo == stranger; udhcpc device
      stop
    `);
  });

  it("busybox udhcpc gets address, mask and lease time, no router and no boot file", () => {
    const said = ran.said.get("udhcpc");
    expect(said).toMatch(ADDRESS);
    expect(said).toContain("subnet=255.255.255.0 router= lease=3600 server=10.99.0.2 file=");
    expect(said).toMatch(/file=$/);
  });

  it("one device gets one address, as the agent, as Windows, and with another client identifier", () => {
    const first = address(ran.said.get("udhcpc"));
    for (const as of ["agent", "windows", "identifier"]) expect(address(ran.said.get(as))).toBe(first);
  });

  it("a device that asks for an address it had elsewhere is given its own", () => {
    expect(address(ran.said.get("reboot"))).toBe(address(ran.said.get("udhcpc")));
  });

  it("busybox udhcpc gives its address back when it is stopped", () => {
    expect(ran.said.get("released")).toContain("sending release");
  });

  it("ISC's dhclient gets the same address, has it confirmed when it starts again, and gives it back", () => {
    const first = address(ran.said.get("udhcpc"));
    expect(ran.said.get("dhclient")).toContain(`BOUND ip=${first} mask=255.255.255.0 lease=3600`);
    expect(ran.said.get("dhclient-again")).toContain(`REBOOT ip=${first}`);
    expect(ran.said.get("dhclient-released")).toBe("yes");
  });

  it("T5 a machine that the campaign does not know gets no lease", () => {
    expect(ran.said.get("stranger")).toBe("no lease");
  });
});

describeWith(["dhcpcd", "busybox", "unshare", "ip", "nsenter"], "an address that somebody else uses", () => {
  it("is found out by the device, declined, and the device gets another one: busybox udhcpc and dhcpcd", () => {
    const { said, station } = onLan(`${LAN}
      station '${setup()}'
      echo == first; first=$(udhcpc device); echo "$first"
      machine squatter
      taken=$(echo "$first" | sed 's/ip=\\([0-9.]*\\) .*/\\1/')
      plug squatter eth0 sw "$taken/24"
      echo == second; second=$(udhcpc device -a500); echo "$second"
      taken=$(echo "$second" | sed 's/ip=\\([0-9.]*\\) .*/\\1/')
      on squatter ip addr add "$taken/24" dev eth0
      on device ip addr flush dev eth0
      mkdir -p "$DIR/state" /var/lib/dhcpcd /run/dhcpcd
      mount -t tmpfs tmpfs /var/lib/dhcpcd; mount -t tmpfs tmpfs /run/dhcpcd
      echo == dhcpcd; on device timeout 60 dhcpcd -4 -1 -d -f /dev/null -c /bin/true eth0 2>&1 || true
      umount /var/lib/dhcpcd /run/dhcpcd
      stop
    `);
    const [first, second] = [address(said.get("first")), address(said.get("second"))];
    expect(second).toMatch(/^10\.99\.0\.1/);
    expect(second).not.toBe(first);
    const third = /leased (10\.99\.0\.1\d\d) for 3600 seconds/.exec(said.get("dhcpcd") ?? "")?.[1];
    expect(third, said.get("dhcpcd")).toBeDefined();
    expect([first, second]).not.toContain(third);
    for (const taken of [first, second])
      expect(notices(station)).toContainEqual(expect.stringContaining(`${taken} is in use`));
  });
});

describeWith(
  ["dnsmasq", "busybox", "unshare", "ip", "nsenter"],
  "T4: a DHCP server on the LAN that the station is to lease on",
  () => {
    it("keeps the station from starting, and is named", () => {
      const { station } = onLan(`${LAN}${DNSMASQ}
      site; listens site 67
      station '${setup()}'
      stop || [ $? = 4 ]
    `);
      expect(station).toEqual([
        {
          refused: expect.stringContaining("Another DHCP server leases addresses on lan0: 10.99.0.1."),
          next: expect.stringContaining("start without --dhcp-range"),
        },
      ]);
    });

    it("is no reason not to start beside it without leases", () => {
      const { said, station } = onLan(`${LAN}${DNSMASQ}
      site; listens site 67
      station '{"interfaces":["lan0"],"devices":["${DEVICE}"]}'
      echo == lease; udhcpc device
      stop
    `);
      expect(said.get("lease")).toContain("ip=10.99.0.5");
      expect(notices(station)).toEqual([]);
    });

    it("that comes later is noticed, and ends new leases but not the ones that are there", () => {
      const { said, station } = onLan(`${LAN}${DNSMASQ}
      station '${setup({ devices: [DEVICE, STRANGER] })}'
      echo == before; udhcpc device
      site
      told other-dhcp-server
      echo == renewed; on device busybox udhcpc -i eth0 -f -n -q -t 4 -T 1 -r 10.99.0.178 -s "$DIR/shows" 2>&1 | grep ip=
      machine late
      plug late eth0 sw '' ${STRANGER}
      echo == after; udhcpc late
      stop
    `);
      expect(address(said.get("before"))).toMatch(/^10\.99\.0\.1/);
      expect(said.get("after")).toContain("ip=10.99.0.5");
      expect(notices(station)).toEqual([
        expect.stringContaining("another DHCP server leases addresses on lan0: 10.99.0.1"),
      ]);
    });
  },
);
