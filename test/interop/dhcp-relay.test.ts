import { beforeAll, expect, it } from "vitest";
import { MessageType } from "../../src/dhcp/registry.ts";
import { firmwareSays, notices, type OnLan, onLan, packets } from "./dhcp-lan.ts";
import { describeWith } from "./needs.ts";

const DEVICE = "52:54:00:00:00:01";
const DISCOVER = firmwareSays("ovmf-discover", DEVICE);
const BOOT_REQUEST = firmwareSays("ovmf-boot-request", DEVICE);

/** The station and a router on one LAN, a device on another one behind it. */
const RELAYED = `
switch near
switch far
plug station lan0 near 10.99.0.2/24
machine relay
plug relay near near 10.99.0.5/24
plug relay far far 10.5.0.1/24
on relay sh -c 'echo 1 >/proc/sys/net/ipv4/ip_forward'
ip route add 10.5.0.0/24 via 10.99.0.5
machine device
plug device eth0 far '' ${DEVICE}
`;
const SITE = `
machine site
plug site eth0 near 10.99.0.1/24
on site ip route add 10.5.0.0/24 via 10.99.0.5
beside site dnsmasq --no-daemon --conf-file=/dev/null --port=0 --bind-interfaces --interface=eth0 --no-ping \\
  --leasefile-ro --dhcp-range=10.99.0.50,10.99.0.59,255.255.255.0,1h --dhcp-range=10.5.0.50,10.5.0.59,255.255.255.0,1h
`;
const setup = (fields: object = {}) => JSON.stringify({ interfaces: ["lan0"], devices: [DEVICE], ...fields });

describeWith(
  ["dhcrelay", "dnsmasq", "busybox", "tcpdump", "curl", "unshare", "ip", "nsenter"],
  "a device behind ISC's DHCP relay",
  () => {
    let ran: OnLan;
    beforeAll(() => {
      ran = onLan(`${RELAYED}${SITE}
      beside relay dhcrelay -4 -d -a -id far -iu near 10.99.0.1 10.99.0.2
      beside relay tcpdump -Z root -U -i near -w "$DIR/near.pcap" udp port 67
      station '${setup()}'
      listens relay 67; waits test -s "$DIR/near.pcap"
      echo == offers; asks device ${DISCOVER}
      echo == lease; udhcpc device
      echo == file; on device ip route add 10.99.0.0/24 via 10.5.0.1; asks device ${BOOT_REQUEST} 10.99.0.2
      echo == tftp; on device curl -s tftp://10.99.0.2/shimx64.efi
      echo == wire; sleep 0.5; tcpdump -nvvr "$DIR/near.pcap" 2>/dev/null
      stop
    `);
    });

    it("gets the address from the site's server and the boot offer from the station, both through the relay", () => {
      const offers = packets(ran.said.get("offers"));
      const site = offers.find(({ options }) => options.serverIdentifier === "10.99.0.1");
      const ours = offers.find(({ options }) => options.serverIdentifier === "10.99.0.2");
      expect(site?.yiaddr).toMatch(/^10\.5\.0\.5\d$/);
      expect(ours).toMatchObject({ yiaddr: "0.0.0.0", siaddr: "10.99.0.2", giaddr: "10.5.0.1" });
      expect(ours?.options).toMatchObject({ dhcpMessageType: MessageType.offer, vendorClassIdentifier: "PXEClient" });
    });

    it("RFC 3046: gets it because the relay's option 82 comes back to port 67 of the relay as it was sent", () => {
      const wire = ran.said.get("wire")!.split(/\n(?=\d\d:\d\d:)/);
      const ofDevice = wire.filter((packet) => packet.includes(DEVICE));
      const asked = ofDevice.find((packet) => packet.includes("> 10.99.0.2.67") && packet.includes("PXEClient:Arch"));
      const answered = ofDevice.find((packet) => packet.includes("10.99.0.2.67 > 10.5.0.1.67"));
      const option = (packet: string | undefined) => /Agent-Information.*\n.*Circuit-ID.*/.exec(packet ?? "")?.[0];
      expect(option(asked)).toContain("far");
      expect(option(answered)).toBe(option(asked));
    });

    it("asks the station itself on port 4011, through the router, and loads its loader", () => {
      expect(ran.said.get("lease")).toContain("ip=10.5.0.5");
      const [ack] = packets(ran.said.get("file"));
      expect(ack).toMatchObject({ file: "shimx64.efi", siaddr: "10.99.0.2" });
      expect(ran.said.get("tftp")).toBe("the bytes of shimx64.efi");
    });
  },
);

describeWith(
  ["dnsmasq", "busybox", "unshare", "ip", "nsenter"],
  "a device behind dnsmasq as a relay, where the station leases",
  () => {
    it("gets the boot offer, and no address: the range is for the station's own LAN", () => {
      const { said, station } = onLan(`${RELAYED}
      beside relay dnsmasq --no-daemon --conf-file=/dev/null --port=0 --dhcp-relay=10.5.0.1,10.99.0.2
      machine neighbour
      plug neighbour eth0 near '' 52:54:00:00:00:02
      station '${setup({ range: "10.99.0.100-10.99.0.199", devices: [DEVICE, "52:54:00:00:00:02"] })}'
      echo == offers; asks device ${DISCOVER}
      echo == lease; udhcpc device
      echo == neighbour; udhcpc neighbour
      stop
    `);
      const offers = packets(said.get("offers"));
      expect(offers).toMatchObject([{ yiaddr: "0.0.0.0", options: { serverIdentifier: "10.99.0.2" } }]);
      expect(said.get("lease")).toBe("no lease");
      expect(said.get("neighbour")).toMatch(/^ip=10\.99\.0\.1\d\d /);
      expect(notices(station)).toEqual([]);
    });
  },
);
