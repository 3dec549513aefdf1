import { describe, expect, it } from "vitest";
import { identify } from "../../src/boot/client.ts";
import { answerLease, type LeaseAnswer, type LeaseTerms } from "../../src/boot/lease.ts";
import { LEASE_MS, LeasePool, OFFER_MS } from "../../src/boot/lease-pool.ts";
import { leaseDestination, leaseReply } from "../../src/boot/lease-reply.ts";
import { proxyAck } from "../../src/boot/offer.ts";
import type { DhcpOptions } from "../../src/dhcp/options.ts";
import { type DhcpPacket, decodePacket, encodePacket } from "../../src/dhcp/packet.ts";
import { MessageType } from "../../src/dhcp/registry.ts";
import { ANY_ADDRESS, LIMITED_BROADCAST, parseIpv4 } from "../../src/wire/ipv4.ts";
import { parseMac } from "../../src/wire/mac.ts";
import { readCapture } from "../capture-file.ts";

const station = parseIpv4("10.99.0.2");
const netmask = parseIpv4("255.255.255.0");
const asked = parseIpv4("10.99.0.150");
const NOW = 1_000_000;
const discover = decodePacket(readCapture("dhcp", "ovmf-discover").bytes);

/** A server for ten addresses, and a device that talks to it. */
function lan() {
  const pool = new LeasePool({ first: parseIpv4("10.99.0.150"), last: parseIpv4("10.99.0.159") });
  const terms = { holder: { device: parseMac("52:54:00:12:34:56"), known: true }, station, reserved: 0, leasing: true };
  const say = (options: DhcpOptions, fields: Partial<DhcpPacket> = {}, over: Partial<LeaseTerms> = {}, now = NOW) =>
    answerLease(pool, { ...discover, ...fields, options }, { ...terms, ...over }, now);
  return { pool, say, other: { holder: { device: parseMac("52:54:00:00:00:99"), known: true } } };
}
const { discover: DISCOVER, request: REQUEST, release: RELEASE, decline: DECLINE, inform: INFORM } = MessageType;
const wants = { requestedIpAddress: asked };
const selects = { dhcpMessageType: REQUEST, serverIdentifier: station, ...wants };

describe("RFC 2131 section 4.3: the station as DHCP server", () => {
  it("offers an address to a DISCOVER and confirms it to the REQUEST that selects it", () => {
    const { say } = lan();
    expect(say({ dhcpMessageType: DISCOVER, ...wants })).toEqual({ kind: "offer", address: asked });
    expect(say(selects)).toEqual({ kind: "ack", address: asked });
    expect(say({ dhcpMessageType: DISCOVER })).toEqual({ kind: "offer", address: asked });
  });

  it("says nothing to a REQUEST that selects another server, and gives its own offer to the next device", () => {
    const { say, other } = lan();
    say({ dhcpMessageType: DISCOVER, ...wants });
    expect(say({ ...selects, serverIdentifier: parseIpv4("10.99.0.1") })).toBe("chose-another-server");
    expect(say(selects, {}, other)).toEqual({ kind: "ack", address: asked });
  });

  it("refuses the REQUEST for an offer that another device took after its minute was over", () => {
    const { say, other } = lan();
    say({ dhcpMessageType: DISCOVER, ...wants });
    expect(say(selects, {}, other)).toEqual({ kind: "nak", address: asked });
    expect(say(selects, {}, other, NOW + OFFER_MS)).toEqual({ kind: "ack", address: asked });
    expect(say(selects, {}, {}, NOW + OFFER_MS)).toEqual({ kind: "nak", address: asked });
  });

  it("INIT-REBOOT: confirms the address that a device had, though a restarted station has no record of it", () => {
    expect(lan().say({ dhcpMessageType: REQUEST, ...wants })).toEqual({ kind: "ack", address: asked });
  });

  it("INIT-REBOOT: refuses an address of another network, so that the device asks anew", () => {
    const { say } = lan();
    const requestedIpAddress = parseIpv4("192.168.1.9");
    expect(say({ dhcpMessageType: REQUEST, requestedIpAddress })).toMatchObject({ kind: "nak" });
    expect(say({ dhcpMessageType: REQUEST })).toBe("no-lease-asked");
  });

  it("RENEWING: reads the address from ciaddr, and the lease runs anew", () => {
    const { say, other } = lan();
    say(selects);
    const half = NOW + LEASE_MS / 2;
    expect(say({ dhcpMessageType: REQUEST }, { ciaddr: asked }, {}, half)).toEqual({ kind: "ack", address: asked });
    expect(say(selects, {}, other, NOW + LEASE_MS)).toMatchObject({ kind: "nak" });
    expect(say(selects, {}, other, half + LEASE_MS)).toMatchObject({ kind: "ack" });
  });

  it("takes back what is RELEASEd by the device that has it, named to this server, and by no other", () => {
    const { say, other, pool } = lan();
    say(selects);
    const release = { dhcpMessageType: RELEASE, serverIdentifier: station };
    expect(say(release, { ciaddr: asked }, other)).toBe("no-lease-asked");
    expect(say({ ...release, serverIdentifier: parseIpv4("10.99.0.1") }, { ciaddr: asked })).toBe("no-lease-asked");
    expect(pool.counts(NOW).leased).toBe(1);
    expect(say(release, { ciaddr: asked })).toBe("released");
    expect(pool.counts(NOW).leased).toBe(0);
  });

  it("confirms nothing to a REQUEST whose choice of server cannot be read", () => {
    const { say } = lan();
    say({ dhcpMessageType: DISCOVER, ...wants });
    const damaged = [{ code: 54, what: "an option has 8 bytes, not 4" }];
    expect(say({ dhcpMessageType: REQUEST, ...wants }, { damaged })).toBe("no-lease-asked");
  });

  it("gives a DECLINEd address to nobody, and the device another one", () => {
    const { say, other } = lan();
    say(selects);
    const decline = { dhcpMessageType: DECLINE, serverIdentifier: station, ...wants };
    expect(say(decline, {}, other)).toBe("no-lease-asked");
    expect(say(decline)).toBe("declined");
    const again = say({ dhcpMessageType: DISCOVER, ...wants }) as LeaseAnswer;
    expect(again.kind).toBe("offer");
    expect(again.address).not.toBe(asked);
    expect(say(selects, {}, other)).toMatchObject({ kind: "nak" });
  });

  it("says nothing to an INFORM, which wants no lease", () => {
    expect(lan().say({ dhcpMessageType: INFORM }, { ciaddr: asked })).toBe("no-lease-asked");
  });
});

describe("T4: while another DHCP server is there", () => {
  it("a device keeps the lease it has, nobody gets a new one, and nobody's address is refused", () => {
    const { say, other } = lan();
    say(selects);
    const stopped = { leasing: false };
    expect(say({ dhcpMessageType: REQUEST }, { ciaddr: asked }, stopped)).toEqual({ kind: "ack", address: asked });
    expect(say({ dhcpMessageType: DISCOVER }, {}, stopped)).toBe("not-leasing");
    const foreign = { dhcpMessageType: REQUEST, requestedIpAddress: parseIpv4("10.99.0.20") };
    expect(say(foreign, {}, { ...other, ...stopped })).toBe("not-leasing");
  });
});

describe("a lease as a packet", () => {
  const client = identify(discover);
  if (!client.ours) throw new Error(client.reason);
  const lan = { address: station, netmask };
  const boot = proxyAck(client, discover, station, "shimx64.efi");
  const offer: LeaseAnswer = { kind: "offer", address: asked };
  const ack: LeaseAnswer = { kind: "ack", address: asked };

  it.each(["offer", "ack"] as const)("(%s) to firmware is byte for byte the one OVMF booted from", (kind) => {
    const question = kind === "offer" ? "ovmf-isolated-discover" : "ovmf-isolated-request";
    const packet = decodePacket(readCapture("dhcp", question).bytes);
    const file = proxyAck(client, packet, station, "shimx64.efi");
    const reply = leaseReply({ kind, address: parseIpv4("10.99.0.178") }, packet, lan, file);
    expect(encodePacket(reply)).toEqual(readCapture("dhcp", `station-lease-${kind}`).bytes);
  });

  it("has address, mask, lease time and server, no router, and for firmware the boot file, never option 43", () => {
    const reply = leaseReply(offer, discover, lan, boot);
    expect(reply).toMatchObject({ yiaddr: asked, ciaddr: ANY_ADDRESS, siaddr: station, file: "shimx64.efi" });
    expect(reply.options).toMatchObject({ subnetMask: netmask, ipAddressLeaseTime: 3600, serverIdentifier: station });
    expect(reply.options.vendorSpecificInformation).toBeUndefined();
    expect(reply.options.other).toBeUndefined();
    expect(leaseReply(offer, discover, lan, null)).toMatchObject({ siaddr: ANY_ADDRESS, sname: "", file: "" });
  });

  it("names no PXEClient, which EDK2 takes for a call to port 4011, and does name HTTPClient to HTTP Boot", () => {
    expect(leaseReply(offer, discover, lan, boot).options.vendorClassIdentifier).toBeUndefined();
    const url = "http://10.99.0.2/shimx64.efi";
    const http = proxyAck({ ...client, over: "http" }, discover, station, url);
    const { options } = leaseReply(ack, discover, lan, http);
    expect(options).toMatchObject({ vendorClassIdentifier: "HTTPClient", bootfileName: url });
  });

  it("that refuses an address has neither an address nor a lease in it (RFC 2131 table 3)", () => {
    const nak = leaseReply({ kind: "nak", address: asked }, { ...discover, ciaddr: asked }, lan, boot);
    expect(nak).toMatchObject({ yiaddr: ANY_ADDRESS, ciaddr: ANY_ADDRESS, siaddr: ANY_ADDRESS, file: "" });
    const { dhcpMessageType, serverIdentifier, clientMachineIdentifier } = nak.options;
    expect(nak.options).toEqual({ dhcpMessageType, serverIdentifier, clientMachineIdentifier });
    expect(dhcpMessageType).toBe(MessageType.nak);
  });

  it("echoes the client identifier as it came (RFC 6842)", () => {
    const clientIdentifier = Uint8Array.of(1, 2, 3);
    const packet = { ...discover, options: { ...discover.options, clientIdentifier } };
    expect(leaseReply(offer, packet, lan, null).options.clientIdentifier).toEqual(clientIdentifier);
    expect(leaseReply(offer, discover, lan, null).options.clientIdentifier).toBeUndefined();
  });

  it("goes to everyone, or to the address of a device that renews; a refusal always to everyone", () => {
    const everyone = { address: LIMITED_BROADCAST, port: 68 };
    const renewing = { ...discover, ciaddr: asked };
    expect(leaseDestination(offer, discover)).toEqual(everyone);
    expect(leaseDestination(ack, discover)).toEqual(everyone);
    expect(leaseDestination(ack, renewing)).toEqual({ address: asked, port: 68 });
    expect(leaseDestination({ kind: "nak", address: asked }, renewing)).toEqual(everyone);
  });
});
