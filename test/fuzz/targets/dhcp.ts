import { type BootClient, identify } from "../../../src/boot/client.ts";
import { machineUuid } from "../../../src/dhcp/machine-uuid.ts";
import { decodePacket, encodePacket, senderMac } from "../../../src/dhcp/packet.ts";
import { packetsOf } from "../seeds.ts";
import { must, type Target } from "../target.ts";

/** Options as they stand in a packet, and the cookie. */
export const DHCP_WORDS: readonly Uint8Array[] = [
  ...[
    ...[[0x63, 0x82, 0x53, 0x63], [53, 1, 1], [53, 1, 3], [53, 1, 8], [52, 1, 1], [52, 1, 2], [52, 1, 3], [255], [0]],
    ...[
      [93, 2, 0, 7],
      [93, 2, 0, 11],
      [93, 2, 0, 16],
      [93, 4, 0, 9, 0, 7],
      [94, 3, 1, 3, 16],
      [97, 17, 0],
      [97, 255],
    ],
    ...[
      [54, 4, 10, 99, 0, 2],
      [50, 4, 10, 99, 0, 101],
      [82, 4, 1, 2, 65, 66],
      [82, 255],
      [77, 4, 105, 80, 88, 69],
    ],
    ...[
      [43, 3, 6, 1, 8],
      [175, 0],
      [255, 255],
      [60, 0],
    ],
  ].map((bytes) => Uint8Array.from(bytes)),
  ...["PXEClient", "HTTPClient", "MSFT 5.0", "PXEClient:Arch:00007:UNDI:003016"].map((text) =>
    Uint8Array.from([60, text.length, ...Buffer.from(text)]),
  ),
];

const packet: Target = {
  name: "dhcp",
  share: 180_000,
  seeds: packetsOf("dhcp"),
  dictionary: DHCP_WORDS,
  longest: 4200,
  run(input) {
    const decoded = decodePacket(input);
    const client = identify(decoded);
    const overlong = decoded.file.length > 127 || decoded.sname.length > 63;
    machineUuid(decoded.options);
    senderMac(decoded);
    // A name that fills its field to the last byte is read, but has no NUL: it cannot be written that way.
    if (!overlong) {
      const bytes = encodePacket(decoded);
      if (bytes.length <= 4096)
        must(Buffer.compare(encodePacket(decodePacket(bytes)), bytes) === 0, "decode(encode(packet)) = packet");
    }
    return client.ours ? words(client) : client.reason;
  },
};

function words({ firmware, asks, program, uuid }: BootClient): string {
  return `${firmware} ${asks} ${program} ${uuid === null ? "no" : "a"} UUID`;
}

export const DHCP: readonly Target[] = [packet];
