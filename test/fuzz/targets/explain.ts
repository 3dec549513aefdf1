import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { explain } from "../../../src/explain/explain.ts";
import { picture, summary } from "../../../src/explain/picture.ts";
import { memorySource } from "../../explain/memory-source.ts";
import { root } from "../seeds.ts";
import { bytesOf, must, type Target } from "../target.ts";
import { DHCP_WORDS } from "./dhcp.ts";
import { TFTP_WORDS } from "./tftp.ts";

const folder = join(root, "test", "captures");
const captures = readdirSync(folder)
  .filter((name) => name.endsWith(".pcap"))
  .sort()
  .map((name) => new Uint8Array(readFileSync(join(folder, name))))
  .filter(({ length }) => length < 7000);

/** The same frames as pcapng: a section, an interface, and a packet block for each. */
function asPcapng(pcap: Uint8Array): Uint8Array {
  const from = new DataView(pcap.buffer, pcap.byteOffset, pcap.length);
  const block = (type: number, body: Buffer) => {
    const padded = Buffer.concat([body, Buffer.alloc(-body.length & 3)]);
    const ends = Buffer.alloc(8);
    ends.writeUInt32LE(type, 0);
    ends.writeUInt32LE(padded.length + 12, 4);
    return Buffer.concat([ends, padded, ends.subarray(4)]);
  };
  const words = (...numbers: readonly number[]) => Buffer.from(Uint32Array.from(numbers).buffer);
  const parts = [
    block(0x0a0d0d0a, words(0x1a2b3c4d, 1, 0xffffffff, 0xffffffff)),
    block(1, words(from.getUint32(20, true), 0)),
  ];
  for (let at = 24; at + 16 <= pcap.length; ) {
    const kept = from.getUint32(at + 8, true);
    const head = words(0, 0, from.getUint32(at, true), kept, from.getUint32(at + 12, true));
    parts.push(block(6, Buffer.concat([head, pcap.subarray(at + 16, at + 16 + kept)])));
    at += 16 + kept;
  }
  return new Uint8Array(Buffer.concat(parts));
}

const capture: Target = {
  name: "capture",
  share: 60_000,
  seeds: [...captures, ...captures.slice(0, 8).map(asPcapng)],
  dictionary: [
    ...[
      [0xd4, 0xc3, 0xb2, 0xa1],
      [0x4d, 0x3c, 0xb2, 0xa1],
      [0x0a, 0x0d, 0x0d, 0x0a],
      [0x4d, 0x3c, 0x2b, 0x1a],
    ].map((each) => Uint8Array.from(each)),
    ...[
      [0x08, 0x00, 0x45],
      [0x81, 0x00, 0x00, 0x05],
      [0x86, 0xdd],
      [0x08, 0x06],
      [0x40, 0x11],
      [0x40, 0x06],
      [0x20, 0x00],
    ].map((each) => Uint8Array.from(each)),
    ...bytesOf(
      "GET /\u001b[2J HTTP/1.1\r\n\r\n",
      "HTTP/1.1 404 x\r\n",
      "Content-Length: 99999999999\r\n",
      "\u001b]0;x\u0007",
    ),
    ...DHCP_WORDS,
    ...TFTP_WORDS,
  ],
  longest: 16_384,
  run(input) {
    const explanation = explain(memorySource(input));
    const lines = [summary(explanation), ...picture(explanation).map(({ text }) => text)];
    must(
      lines.every((line) => /^[ -~]*$/.test(line)),
      "what is shown is printable: no escape sequence reaches a terminal",
    );
    JSON.stringify(explanation);
    const reasons = explanation.devices.flatMap(({ attempts }) => attempts.flatMap(({ findings }) => findings));
    const words = [...new Set(reasons.map(({ reason }) => reason))].sort().join(" ");
    return `${explanation.format}, ${explanation.damage === null ? "whole" : "damaged"}: ${words}`;
  },
};

export const EXPLAIN: readonly Target[] = [capture];
