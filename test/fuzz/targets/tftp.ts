import { bootFileName } from "../../../src/tftp/name.ts";
import { negotiate } from "../../../src/tftp/negotiate.ts";
import { DATA_HEADER, decodeTftp, encodeTftp } from "../../../src/tftp/packet.ts";
import { readRequest, refusal } from "../../../src/tftp/request.ts";
import { begin, type Output, step, type Transfer, writeBlock } from "../../../src/tftp/transfer.ts";
import { MalformedError } from "../../../src/wire/malformed.ts";
import { packetsOf } from "../seeds.ts";
import { bytesOf, must, type Target } from "../target.ts";

export const TFTP_WORDS = [
  ...[[0, 1], [0, 2], [0, 3], [0, 4], [0, 5], [0, 6], [0], [0, 4, 0, 1], [0, 4, 0xff, 0xff]].map((bytes) =>
    Uint8Array.from(bytes),
  ),
  ...bytesOf(
    "blksize\0",
    "windowsize\0",
    "tsize\0",
    "timeout\0",
    "octet\0",
    "netascii\0",
    "mail\0",
    "65464\0",
    "0\0",
    "8\0",
  ),
  ...bytesOf(
    "../",
    "..\\",
    "/",
    "\\",
    "%2e",
    "C:",
    "\u001b[2J",
    "shimx64.efi\0",
    "rollover\0",
    "multicast\0",
    "OCTET\0",
  ),
];

const FILE = new Uint8Array(200_000).fill(0x5a);

const packet: Target = {
  name: "tftp",
  share: 160_000,
  seeds: packetsOf("tftp"),
  dictionary: TFTP_WORDS,
  longest: 2000,
  run(input) {
    const decoded = decodeTftp(input);
    if (decoded.opcode !== "ERROR") {
      const again = encodeTftp(decoded);
      must(Buffer.compare(encodeTftp(decodeTftp(again)), again) === 0, "decode(encode(packet)) = packet");
    }
    const request = readRequest(input);
    if ("refused" in request) {
      must(/^[ -~]*$/.test(request.name), "a refused name is printable");
      must(refusal(request.refused).length <= 32, "a refusal is short");
      return request.refused;
    }
    must("name" in bootFileName(request.name) && /^[A-Za-z0-9_+./-]{1,255}$/.test(request.name), "a name is a name");
    const negotiated = negotiate(request.options, FILE.length);
    const { blockSize, windowSize, timeout, accepted } = negotiated;
    must(blockSize >= 8 && blockSize <= 65464 && windowSize >= 1 && windowSize <= 64, "block and window are in bounds");
    must(timeout === null || (timeout >= 1000 && timeout <= 255_000), "timeouts are RFC 2349's");
    must(accepted.length <= 4, "each option is answered once");
    const oack = encodeTftp({ opcode: "OACK", options: accepted });
    must(oack.length <= input.length + 4 * 10, "an OACK is hardly longer than the request");
    return `a request with ${accepted.map(([name]) => name.toLowerCase()).join(" ")}`;
  },
};

/**
 * One transfer against a hostile device: the input is its script. A request's options, then for each byte what the
 * device does next. Laws: never a datagram unasked, never more than a window at once, no end without an end.
 */
const transfer: Target = {
  name: "tftp-transfer",
  share: 120_000,
  seeds: [
    Buffer.from("blksize\0" + "1428\0windowsize\0" + "16\0\xff\x00\x00\x01\x01\x01\x02\x03\x04\x05", "latin1"),
    Buffer.from("tsize\0" + "0\0\xff\x08\x00", "latin1"),
    Buffer.from("\xff\x01\x01\x01\x05\x05\x05\x05", "latin1"),
    Buffer.from("blksize\0" + "8\0\xff\x00\x01\x06\x01\x06\x01\x07\x07\x05\x05\x05\x05\x05", "latin1"),
  ],
  dictionary: [...TFTP_WORDS, ...[0, 1, 2, 3, 4, 5, 6, 7, 8].map((byte) => Uint8Array.of(byte, byte, byte))],
  longest: 600,
  run(input) {
    const cut = input.indexOf(0xff);
    const options = cut > 0 ? Buffer.from(input.subarray(0, cut)).toString("latin1").split("\0") : [];
    const asked = options.flatMap((name, at) =>
      at % 2 === 0 && at + 1 < options.length ? [[name, options[at + 1]!] as const] : [],
    );
    return play(FILE.subarray(0, 1 + (input.length % 7) * 28_000), asked, input.subarray(cut + 1));
  },
};

function play(file: Uint8Array, asked: readonly (readonly [string, string])[], script: Uint8Array): string {
  let now = 1000;
  let before = 0;
  const into = new Uint8Array(65464 + DATA_HEADER);
  const begun = begin(file, negotiate(asked, file.length), now);
  const { transfer: running } = begun;
  const { windowSize } = running.negotiated;
  const take = (outputs: readonly Output[], most: number) => {
    let datagrams = 0;
    for (const output of outputs) {
      if (output.kind === "datagram") datagrams += 1;
      if (output.kind !== "blocks") continue;
      must(output.first >= 1 && output.last <= running.blocks && output.first <= output.last, "blocks are the file's");
      datagrams += output.last - output.first + 1;
      for (const block of [output.first, output.last])
        must(writeBlock(running, block, into) <= running.negotiated.blockSize + DATA_HEADER, "a block fits");
    }
    must(datagrams <= most, "one datagram brings at most a window");
    if (!running.heard) before += datagrams;
    must(running.acked <= running.sent && running.sent <= running.blocks, "acknowledged <= sent <= all");
    must(running.ended === (running.deadline === Number.POSITIVE_INFINITY), "only what has ended has no deadline");
  };
  take(begun.outputs, windowSize);
  for (const [at, act] of script.entries()) {
    const wasEnded = running.ended;
    if (act % 9 === 5) now = Math.max(now, Math.min(running.deadline, now + 10_000));
    else now += act / 16;
    const outputs = act % 9 === 5 ? step(running, "timer", now) : hear(running, act, script.subarray(at + 1), now);
    take(outputs, windowSize);
    must(!wasEnded || outputs.length === 0, "nothing after the end");
  }
  for (let times = 0; !running.ended; times++) {
    must(times < 20, "silence ends it");
    now = running.deadline;
    take(step(running, "timer", now), windowSize);
  }
  must(running.heard || before <= 2 + windowSize, "a peer that was never heard gets three sendings");
  return `${running.heard ? "heard" : "unheard"}, ${running.acked === running.blocks ? "whole" : "not whole"}, window ${windowSize}`;
}

function hear(running: Transfer, act: number, rest: Uint8Array, now: number): readonly Output[] {
  const ack = (block: number) => step(running, { opcode: "ACK", block: ((block % 65536) + 65536) % 65536 }, now);
  switch (act % 9) {
    case 0:
      return ack(0);
    case 1:
      return ack(running.sent);
    case 2:
      return ack(running.acked);
    case 3:
      return ack(running.acked + 1);
    case 4:
      return ack(running.sent + 1);
    case 6:
      return ack(running.acked - 1);
    case 7:
      return ack((rest[0] ?? 0) * 256 + (rest[1] ?? 0));
    default:
      try {
        return step(running, decodeTftp(rest.subarray(0, 40)), now);
      } catch (error) {
        if (error instanceof MalformedError) return [];
        throw error;
      }
  }
}

export const TFTP: readonly Target[] = [packet, transfer];
