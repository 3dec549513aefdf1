import { expect, it } from "vitest";
import { SCENES } from "../explain/scenes.ts";
import type { Wire } from "../explain/wire.ts";
import { notices, onLan } from "./dhcp-lan.ts";
import { describeWith } from "./needs.ts";

const DEVICE = "52:54:00:00:00:01";
const ETHERNET_IPV6_UDP = 14 + 40 + 8;
/** What firmware asks over IPv6, as in the capture of `explain`. */
const SOLICIT = Buffer.from((SCENES["ipv6-only"]!() as Wire).frames[0]!.bytes.subarray(ETHERNET_IPV6_UDP));
const ASK = (hex: string) => `
  const socket = require("node:dgram").createSocket("udp6");
  socket.bind(546, "::", () => socket.send(Buffer.from("${hex}", "hex"), 547, "ff02::1:2%eth0", () => socket.close()));
`;

describeWith(["unshare", "ip", "nsenter"], "firmware that asks over IPv6 only", () => {
  it("is told of, with what to set, and is not answered", () => {
    const { station, said } = onLan(`
      switch lan
      plug station lan0 lan 10.99.0.2/24
      machine device
      on device sysctl -qw net.ipv6.conf.default.accept_dad=0
      plug device eth0 lan '' ${DEVICE}
      station '${JSON.stringify({ interfaces: ["lan0"], devices: [DEVICE] })}'
      waits on device sh -c 'ip -6 address show dev eth0 scope link -tentative | grep -q fe80'
      on device "$NODE" -e '${ASK(SOLICIT.toString("hex"))}'
      sleep 1
      on device "$NODE" -e '${ASK(SOLICIT.toString("hex"))}'
      told ipv6-only
      echo == listens; grep -c ':0223 ' /proc/net/udp6
      stop
    `);
    const told = station.flatMap(({ notice }) => (notice?.includes("ipv6-only") ? [notice] : []));
    expect(told).toEqual([expect.stringMatching(/^52:54:00:00:00:01: ipv6-only: .*\(DHCPv6, 2 times\).*PXE IPv4/)]);
    expect(notices(station)).toEqual([]);
    expect(said.get("listens")).toBe("1");
  });
});
