import { describe, expect, it } from "vitest";
import { type DhcpPacket, encodePacket } from "../../src/dhcp/packet.ts";
import { ETHERNET, MessageType, Op } from "../../src/dhcp/registry.ts";
import { otherBootServer } from "../../src/server/watch.ts";
import { ANY_ADDRESS, parseIpv4 } from "../../src/wire/ipv4.ts";

const ours = parseIpv4("10.99.0.2");
const theirs = parseIpv4("10.99.0.66");

function offer(over: Partial<DhcpPacket>, options: DhcpPacket["options"] = {}): Uint8Array {
  const addresses = { ciaddr: ANY_ADDRESS, yiaddr: ANY_ADDRESS, siaddr: ANY_ADDRESS, giaddr: ANY_ADDRESS };
  const header = { op: Op.bootReply, ...ETHERNET, hops: 0, xid: 1, secs: 0, flags: 0, chaddr: new Uint8Array(16) };
  const fields = { ...header, ...addresses, sname: "", file: "" };
  const said = { dhcpMessageType: MessageType.offer, serverIdentifier: theirs, ...options };
  return encodePacket({ ...fields, options: said, ...over });
}

describe("T4: another boot server on the recovery LAN", () => {
  it("is noticed by its proxy offer, by a boot file in the packet, and by one in option 67", () => {
    expect(otherBootServer(offer({}, { vendorClassIdentifier: "PXEClient" }), ours)).toBe(theirs);
    expect(otherBootServer(offer({}, { vendorClassIdentifier: "HTTPClient" }), ours)).toBe(theirs);
    expect(otherBootServer(offer({ file: "pxelinux.0" }), ours)).toBe(theirs);
    expect(otherBootServer(offer({}, { bootfileName: "wdsmgfw.efi" }), ours)).toBe(theirs);
  });

  it("is not seen in the site's DHCP server, which only leases addresses", () => {
    expect(otherBootServer(offer({ yiaddr: parseIpv4("10.99.0.101") }), ours)).toBeNull();
  });

  it("is not the station itself, nor a client, nor noise", () => {
    const own = offer({}, { vendorClassIdentifier: "PXEClient", serverIdentifier: ours });
    expect(otherBootServer(own, ours)).toBeNull();
    expect(otherBootServer(offer({ op: Op.bootRequest }, { vendorClassIdentifier: "PXEClient" }), ours)).toBeNull();
    expect(otherBootServer(Buffer.from("noise"), ours)).toBeNull();
  });
});
