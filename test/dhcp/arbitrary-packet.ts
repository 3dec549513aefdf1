import fc from "fast-check";
import type { DhcpOptions } from "../../src/dhcp/options.ts";
import type { DhcpPacket } from "../../src/dhcp/packet.ts";
import type { Ipv4 } from "../../src/wire/ipv4.ts";

const byte = fc.integer({ min: 0, max: 0xff });
const word = fc.integer({ min: 0, max: 0xffff });
const address = fc.tuple(byte, byte, byte, byte).map((bytes) => bytes.join(".") as Ipv4);
const latin1 = (maxLength: number) =>
  fc.array(fc.integer({ min: 1, max: 0xff }), { maxLength }).map((codes) => String.fromCharCode(...codes));
const value = fc.uint8Array({ maxLength: 600 });

const TYPED = [0, 1, 12, 43, 50, 51, 52, 53, 54, 55, 60, 61, 66, 67, 77, 82, 93, 94, 97, 255];
const otherCode = fc.integer({ min: 1, max: 254 }).filter((code) => !TYPED.includes(code));
const other = fc.array(fc.tuple(otherCode, value), { minLength: 1, maxLength: 3 }).map((entries) => new Map(entries));

const options: fc.Arbitrary<DhcpOptions> = fc.record(
  {
    subnetMask: address,
    hostName: latin1(300),
    vendorSpecificInformation: value,
    requestedIpAddress: address,
    ipAddressLeaseTime: fc.integer({ min: 0, max: 0xffffffff }),
    dhcpMessageType: byte,
    serverIdentifier: address,
    parameterRequestList: fc.array(byte, { maxLength: 300 }),
    vendorClassIdentifier: latin1(300),
    clientIdentifier: value,
    tftpServerName: latin1(300),
    bootfileName: latin1(300),
    userClass: value,
    relayAgentInformation: value,
    clientSystemArchitecture: fc.array(word, { minLength: 1, maxLength: 200 }),
    clientNetworkInterfaceIdentifier: value,
    clientMachineIdentifier: value,
    other,
  },
  { requiredKeys: [] },
);

/** Any packet there is an encoding for. */
export const dhcpPacket: fc.Arbitrary<DhcpPacket> = fc.record({
  op: fc.constantFrom(1, 2),
  htype: byte,
  hlen: fc.integer({ min: 0, max: 16 }),
  hops: byte,
  xid: fc.integer({ min: 0, max: 0xffffffff }),
  secs: word,
  flags: word,
  ciaddr: address,
  yiaddr: address,
  siaddr: address,
  giaddr: address,
  chaddr: fc.uint8Array({ minLength: 16, maxLength: 16 }),
  sname: latin1(63),
  file: latin1(127),
  options,
});
