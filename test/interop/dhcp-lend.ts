import { decodePacket, encodePacket } from "../../src/dhcp/packet.ts";
import { MessageType, Op, Port } from "../../src/dhcp/registry.ts";
import { openDhcpSockets } from "../../src/server/dhcp.ts";
import { LIMITED_BROADCAST, parseIpv4 } from "../../src/wire/ipv4.ts";

// Run on a private network: a DHCP server for one lease, made with our encoder, for other programs to decode.
const address = parseIpv4(process.argv[2]!);
const yiaddr = parseIpv4(process.argv[3]!);

await openDhcpSockets({
  address,
  ports: { dhcp: Port.server, bootServer: Port.bootServer },
  onUnsent: () => {
    throw new Error("the network did not take the reply");
  },
  onFault: (error) => {
    throw error;
  },
  answer: async ({ bytes }) => {
    const packet = decodePacket(bytes);
    const discover = packet.options.dhcpMessageType === MessageType.discover;
    const other = new Map([
      // Longer than one option can be, so it goes in two pieces (RFC 3396).
      [15, new Uint8Array(Buffer.from(`${"a".repeat(60)}.`.repeat(5)))],
    ]);
    const reply = encodePacket({
      ...packet,
      op: Op.bootReply,
      yiaddr,
      siaddr: address,
      sname: "station.example",
      file: "shimx64.efi",
      options: {
        dhcpMessageType: discover ? MessageType.offer : MessageType.ack,
        serverIdentifier: address,
        tftpServerName: address,
        subnetMask: parseIpv4("255.255.255.0"),
        ipAddressLeaseTime: 3600,
        other,
      },
    });
    return { bytes: reply, to: { address: LIMITED_BROADCAST, port: Port.client } };
  },
});
setTimeout(() => process.exit(0), 15_000);
