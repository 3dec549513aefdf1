import { describe, expect, it } from "vitest";
import { boots, isFrom, leases, question, replyOfAnother } from "../../src/boot/other-server.ts";
import { type DhcpPacket, encodePacket } from "../../src/dhcp/packet.ts";
import { ETHERNET, MessageType, Op } from "../../src/dhcp/registry.ts";
import { ANY_ADDRESS, parseIpv4 } from "../../src/wire/ipv4.ts";
import { parseMac } from "../../src/wire/mac.ts";

const ours = parseIpv4("10.99.0.2");
const theirs = parseIpv4("10.99.0.66");
const from = parseIpv4("10.99.0.77");

function offer(over: Partial<DhcpPacket>, options: DhcpPacket["options"] = {}): Uint8Array {
  const addresses = { ciaddr: ANY_ADDRESS, yiaddr: ANY_ADDRESS, siaddr: ANY_ADDRESS, giaddr: ANY_ADDRESS };
  const header = { op: Op.bootReply, ...ETHERNET, hops: 0, xid: 1, secs: 0, flags: 0, chaddr: new Uint8Array(16) };
  const fields = { ...header, ...addresses, sname: "", file: "" };
  const said = { dhcpMessageType: MessageType.offer, serverIdentifier: theirs, ...options };
  return encodePacket({ ...fields, options: said, ...over });
}

const boot = (bytes: Uint8Array) => {
  const reply = replyOfAnother(bytes, from, new Set([ours]));
  return reply !== null && boots(reply.packet) ? reply.server : null;
};

describe("T4: another boot server on the recovery LAN", () => {
  it("is noticed by its proxy offer, by a boot file in the packet, and by one in option 67", () => {
    expect(boot(offer({}, { vendorClassIdentifier: "PXEClient" }))).toBe(theirs);
    expect(boot(offer({}, { vendorClassIdentifier: "HTTPClient" }))).toBe(theirs);
    expect(boot(offer({ file: "pxelinux.0" }))).toBe(theirs);
    expect(boot(offer({}, { bootfileName: "wdsmgfw.efi" }))).toBe(theirs);
  });

  it("is not seen in the site's DHCP server, which only leases addresses", () => {
    expect(boot(offer({ yiaddr: parseIpv4("10.99.0.101") }))).toBeNull();
  });

  it("is not the station itself, nor a client, nor noise", () => {
    const own = offer({}, { vendorClassIdentifier: "PXEClient", serverIdentifier: ours });
    expect(boot(own)).toBeNull();
    expect(boot(offer({ op: Op.bootRequest }, { vendorClassIdentifier: "PXEClient" }))).toBeNull();
    expect(boot(Buffer.from("noise"))).toBeNull();
  });
});

describe("T4: another DHCP server", () => {
  const read = (bytes: Uint8Array) => replyOfAnother(bytes, from, new Set([ours]))!;
  const mac = parseMac("52:54:00:00:00:fe");
  const lan = { address: ours, netmask: parseIpv4("255.255.255.0"), mac, xids: new Set([77]) };
  const address = parseIpv4("192.168.1.9");

  it("is known by an address it leases, and by one it refuses; a proxy leases none", () => {
    expect(leases(read(offer({ yiaddr: address })).packet)).toBe(true);
    expect(leases(read(offer({}, { dhcpMessageType: MessageType.nak })).packet)).toBe(true);
    expect(leases(read(offer({}, { vendorClassIdentifier: "PXEClient" })).packet)).toBe(false);
  });

  it("is seen by the address it sends from if it names itself with an option of the wrong size, or not at all", () => {
    const doubled = new Uint8Array(offer({ yiaddr: address }, { other: new Map([[200, new Uint8Array(4)]]) }));
    doubled[doubled.indexOf(200, 240)] = 54;
    for (const bytes of [doubled, offer({ yiaddr: address, options: { dhcpMessageType: MessageType.offer } })]) {
      const { server, packet } = read(bytes);
      expect(server).toBe(from);
      expect(leases(packet)).toBe(true);
      expect(isFrom(lan, { server, packet })).toBe(true);
      expect(replyOfAnother(bytes, ours, new Set([ours]))).toBeNull();
    }
  });

  it("is on this LAN if it answers the question asked there, or is a neighbour; else it is another interface's", () => {
    const far = { serverIdentifier: parseIpv4("192.168.1.1") };
    const { chaddr } = question(mac, 77, "anyone");
    expect(isFrom(lan, read(offer({ xid: 77, chaddr, yiaddr: address }, far)))).toBe(true);
    expect(isFrom(lan, read(offer({ yiaddr: address })))).toBe(true);
    expect(isFrom(lan, read(offer({ xid: 77, yiaddr: address }, far)))).toBe(false);
    expect(isFrom(lan, read(offer({ xid: 78, chaddr, yiaddr: address }, far)))).toBe(false);
  });
});
