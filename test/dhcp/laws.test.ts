import { describe, expect, it } from "vitest";
import { type BootClient, identify } from "../../src/boot/client.ts";
import { leaseReply } from "../../src/boot/lease-reply.ts";
import { answerFor, proxyAck, proxyOffer } from "../../src/boot/offer.ts";
import { machineUuid } from "../../src/dhcp/machine-uuid.ts";
import type { DhcpOptions } from "../../src/dhcp/options.ts";
import { type DhcpPacket, decodePacket, encodePacket } from "../../src/dhcp/packet.ts";
import { parseIpv4 } from "../../src/wire/ipv4.ts";
import { readCapture } from "../capture-file.ts";

const station = parseIpv4("10.99.0.2");
const lan = { address: station, netmask: parseIpv4("255.255.255.0") };
const address = parseIpv4("10.99.0.101");
const capture = (name: string) => decodePacket(readCapture("dhcp", name).bytes);
const discover = capture("ovmf-discover");
const HEADER = 240;

/** Where each option of a packet's options field stands: code and value. */
function optionsOf(bytes: Uint8Array): { code: number; value: Uint8Array }[] {
  const found: { code: number; value: Uint8Array }[] = [];
  for (let at = HEADER; bytes[at] !== 255; ) {
    const pad = bytes[at] === 0;
    if (!pad) found.push({ code: bytes[at]!, value: bytes.subarray(at + 2, at + 2 + bytes[at + 1]!) });
    at += pad ? 1 : 2 + bytes[at + 1]!;
  }
  return found;
}

/** Every packet that a station can answer this one with. */
function replies(packet: DhcpPacket): Uint8Array[] {
  const client = identify(packet) as BootClient;
  const file = "shimx64.efi";
  const boot = proxyAck(client, packet, station, file);
  const leases = (["offer", "ack", "nak"] as const).flatMap((kind) => [
    leaseReply({ kind, address }, packet, lan, boot),
    leaseReply({ kind, address }, packet, lan, null),
  ]);
  return [proxyOffer(client, packet, station, file), boot, ...leases].map(encodePacket);
}

const questions: readonly [string, DhcpPacket][] = [
  "ovmf-discover",
  "ovmf-request",
  "ovmf-boot-request",
  "ovmf-http-discover",
  "ipxe-bios-discover",
].map((name) => [name, capture(name)]);

describe.each(questions)("every answer to %s", (_name, packet) => {
  it("repeats xid, flags, htype, hlen and all sixteen bytes of chaddr (RFC 2131 table 3)", () => {
    const { xid, flags, htype, hlen, chaddr } = packet;
    for (const bytes of replies(packet))
      expect(decodePacket(bytes)).toMatchObject({ op: 2, xid, flags, htype, hlen, chaddr });
  });

  it("has the message type first, then the server that speaks, and at least 300 bytes (RFC 1542)", () => {
    for (const bytes of replies(packet)) {
      expect(bytes.length).toBeGreaterThanOrEqual(300);
      expect(optionsOf(bytes)[0]).toMatchObject({ code: 53 });
      expect(decodePacket(bytes).options.serverIdentifier).toBe(station);
    }
  });

  it("fits the 576 bytes that every client takes (RFC 2131 section 2), and overloads no field", () => {
    for (const bytes of replies(packet)) {
      expect(bytes.length).toBeLessThanOrEqual(576 - 28);
      expect(optionsOf(bytes).some(({ code }) => code === 52)).toBe(false);
    }
  });

  it("never has option 43, which EDK2 takes for a menu to choose from", () => {
    for (const bytes of replies(packet)) expect(optionsOf(bytes).some(({ code }) => code === 43)).toBe(false);
  });

  it("has no option twice, and none without a value", () => {
    for (const bytes of replies(packet)) {
      const codes = optionsOf(bytes).map(({ code }) => code);
      expect(new Set(codes).size).toBe(codes.length);
      expect(optionsOf(bytes).every(({ value }) => value.length > 0)).toBe(true);
    }
  });
});

describe("a ROM that reads names up to a NUL", () => {
  const FILES = ["undionly.kpxe", "shimx64.efi", "shimaa64.efi", "http://10.99.0.2/shimx64.efi", "x".repeat(300)];
  it.each(FILES)("reads %s as one that goes by the option's length, whatever option follows, or none", (file) => {
    for (const [, packet] of questions) {
      const client = identify(packet) as BootClient;
      const boot = { ...proxyAck(client, packet, station, ""), file: "" };
      for (const { clientMachineIdentifier, ...none } of [boot.options, { ...boot.options, bootfileName: file }])
        for (const options of [
          none,
          { ...none, clientMachineIdentifier: clientMachineIdentifier ?? Uint8Array.of(0, 1) },
        ]) {
          const bytes = encodePacket({ ...boot, options });
          const { tftpServerName = "", bootfileName = "" } = decodePacket(bytes).options;
          expect([tftpServerName, bootfileName]).toEqual([options.tftpServerName ?? "", options.bootfileName ?? ""]);
          for (const { code, value } of optionsOf(bytes).filter(({ code }) => code === 66 || code === 67)) {
            const end = value.byteOffset - bytes.byteOffset + value.length;
            const last = bytes[end] !== code;
            expect([code, value.includes(0), last ? bytes[end] : 0]).toEqual([code, false, 0]);
          }
        }
    }
  });
});

describe("RFC 3046: the relay agent's option", () => {
  it("is given back as it came, byte for byte, after all others", () => {
    const relayAgentInformation = Uint8Array.of(1, 4, 0, 1, 2, 3, 2, 6, 0x52, 0x54, 0, 0, 0, 1, 99, 0);
    const client = identify(discover) as BootClient;
    const relayed = {
      ...discover,
      giaddr: parseIpv4("10.5.0.1"),
      options: { ...discover.options, relayAgentInformation },
    };
    for (const reply of [proxyOffer(client, relayed, station, "x"), proxyAck(client, relayed, station, "x")]) {
      const last = optionsOf(encodePacket(reply)).at(-1)!;
      expect(last).toEqual({ code: 82, value: relayAgentInformation });
    }
  });

  it("is not made up where there was none", () => {
    for (const bytes of replies(discover)) expect(optionsOf(bytes).some(({ code }) => code === 82)).toBe(false);
  });
});

describe("RFC 4578: what firmware says of itself", () => {
  it("is given back in option 97 as it came, and option 97 is left out for a client that omits it", () => {
    const { clientMachineIdentifier, ...none } = discover.options;
    for (const bytes of replies(discover))
      expect(optionsOf(bytes).find(({ code }) => code === 97)?.value).toEqual(clientMachineIdentifier);
    for (const bytes of replies({ ...discover, options: none })) {
      expect(optionsOf(bytes).some(({ code }) => code === 97)).toBe(false);
      expect(machineUuid(decodePacket(bytes).options)).toBeNull();
    }
  });

  it("may be a list of architectures in option 93, most wanted first", () => {
    const many = { ...discover, options: { ...discover.options, clientSystemArchitecture: [7, 9, 0] } };
    const [first] = decodePacket(encodePacket(many)).options.clientSystemArchitecture!;
    expect(first).toBe(7);
    expect(identify(many)).toMatchObject({ ours: true, architecture: 7 });
  });

  it("need not be right in option 94: nothing depends on it", () => {
    const clientNetworkInterfaceIdentifier = Uint8Array.of(9);
    const odd = { ...discover, options: { ...discover.options, clientNetworkInterfaceIdentifier } };
    expect(identify(decodePacket(encodePacket(odd)))).toMatchObject({ ours: true });
  });
});

describe("PXE 2.1: the boot server port", () => {
  const pxe = identify(capture("ovmf-boot-request")) as BootClient;

  it("4011 is where the boot file is asked for; a DISCOVER there is nobody's", () => {
    expect(answerFor(pxe, 4011)).toBe("ack");
    expect(answerFor({ ...pxe, asks: "discover" }, 4011)).toBeNull();
  });

  it("makes the proxy's offer one without an address and without a file, and its answer one with the file", () => {
    const offer = proxyOffer(pxe, discover, station, "shimx64.efi");
    expect(offer).toMatchObject({ yiaddr: "0.0.0.0", file: "", options: { vendorClassIdentifier: "PXEClient" } });
    const ack = proxyAck(pxe, capture("ovmf-boot-request"), station, "shimx64.efi");
    expect(ack).toMatchObject({ yiaddr: "0.0.0.0", file: "shimx64.efi", siaddr: station, sname: station });
  });
});

describe("UEFI HTTP Boot", () => {
  it("hears HTTPClient back in every answer that has a boot file, and the URL in option 67", () => {
    const packet = capture("ovmf-http-discover");
    const client = identify(packet) as BootClient;
    const url = "http://10.99.0.2/shimx64.efi";
    const boot = proxyAck(client, packet, station, url);
    for (const reply of [
      proxyOffer(client, packet, station, url),
      leaseReply({ kind: "offer", address }, packet, lan, boot),
    ])
      expect(reply.options).toMatchObject({ vendorClassIdentifier: "HTTPClient", bootfileName: url });
  });
});

describe("RFC 3396: an option longer than 255 bytes", () => {
  it("is written in pieces one after the other, and read as one", () => {
    const userClass = Uint8Array.from({ length: 600 }, (_, index) => index & 0xff);
    const options: DhcpOptions = { dhcpMessageType: 1, userClass };
    const bytes = encodePacket({ ...discover, options });
    expect(optionsOf(bytes).map(({ code, value }) => [code, value.length])).toEqual([
      [53, 1],
      [77, 255],
      [77, 255],
      [77, 90],
    ]);
    expect(decodePacket(bytes).options.userClass).toEqual(userClass);
  });

  it("is read in the order options field, file, sname, whichever field its pieces stand in", () => {
    const bytes = encodePacket({ ...discover, sname: "", file: "", options: { dhcpMessageType: 1 } });
    const put = (at: number, ...values: number[]) => bytes.set(values, at);
    put(HEADER, 53, 1, 1, 52, 1, 3, 12, 1, 0x61, 255);
    put(108, 12, 1, 0x62, 255);
    put(44, 12, 1, 0x63, 255);
    expect(decodePacket(bytes).options).toEqual({ dhcpMessageType: 1, hostName: "abc" });
  });
});

describe("RFC 2132 section 9.3: option overload", () => {
  it.each([
    [1, "in file alone", { tftpServerName: "f" }, { sname: "s", file: "" }],
    [2, "in sname alone", { hostName: "s" }, { sname: "", file: "f" }],
    [3, "in both", { tftpServerName: "f", hostName: "s" }, { sname: "", file: "" }],
  ])("%d: the options are %s, and the other field is the name it looks like", (overload, _where, options, names) => {
    const bytes = encodePacket({ ...discover, sname: "s", file: "f", options: { dhcpMessageType: 1 } });
    bytes.set([53, 1, 1, 52, 1, overload, 255], HEADER);
    if ((overload & 1) !== 0) bytes.set([66, 1, 0x66, 255], 108);
    if ((overload & 2) !== 0) bytes.set([12, 1, 0x73, 255], 44);
    const packet = decodePacket(bytes);
    expect(packet).toMatchObject(names);
    expect(packet.options).toEqual({ dhcpMessageType: 1, ...options });
  });
});
