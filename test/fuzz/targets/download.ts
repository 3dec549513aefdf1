import { begin, type DownloadOutput, step } from "../../../src/tftp/download.ts";
import { decodeTftp, encodeTftp } from "../../../src/tftp/packet.ts";
import { MalformedError } from "../../../src/wire/malformed.ts";
import { bytesOf, must, type Target } from "../target.ts";
import { TFTP_WORDS } from "./tftp.ts";

const datagram = (...packets: readonly Parameters<typeof encodeTftp>[0][]) =>
  Buffer.concat(packets.map(encodeTftp).flatMap((bytes) => [Uint8Array.of(bytes.length >> 8, bytes.length), bytes]));
const data = (block: number, length: number) => ({ opcode: "DATA" as const, block, data: new Uint8Array(length) });

/** The device's side against a hostile station: datagrams one after the other, each with its length before it. */
const download: Target = {
  name: "tftp-download",
  share: 60_000,
  seeds: [
    datagram(
      {
        opcode: "OACK",
        options: [
          ["blksize", "16"],
          ["windowsize", "4"],
          ["tsize", "40"],
        ],
      },
      data(1, 16),
      data(2, 16),
      data(3, 8),
    ),
    datagram({ opcode: "OACK", options: [["windowsize", "2"]] }, data(1, 512), data(3, 512), data(2, 512), data(3, 5)),
    datagram(data(1, 512), data(1, 512), data(2, 0)),
    datagram({ opcode: "ERROR", code: 1, message: "no" }),
  ],
  dictionary: [...TFTP_WORDS, ...bytesOf("\u0000\u0004\u0000\u0004\u0000\u0001")],
  longest: 4000,
  run(input) {
    let now = 0;
    const asked = { blockSize: 16 + (input.length % 1024), windowSize: 1 + (input.length % 8), size: "too" as const };
    const begun = begin("x", asked, now);
    const { download: running } = begun;
    let [heard, said, bytes] = [0, 0, 0];
    const take = (outputs: readonly DownloadOutput[]) => {
      for (const output of outputs) {
        if (output.kind === "datagram") said += 1;
        if (output.kind === "data") bytes += output.data.length;
      }
      must(running.bytes === bytes, "bytes are counted");
      must((running.ending === null) === Number.isFinite(running.deadline), "only what has ended has no deadline");
    };
    for (let at = 0; at + 2 <= input.length; ) {
      const length = (input[at]! << 8) | input[at + 1]!;
      const part = input.subarray(at + 2, at + 2 + length);
      at += 2 + length;
      now += length % 300;
      heard += 1;
      try {
        take(step(running, { packet: decodeTftp(part), port: length % 5 === 0 ? 2 : 1 }, now));
      } catch (error) {
        if (!(error instanceof MalformedError)) throw error;
      }
    }
    must(said <= 2 * heard, "at most two answers to one datagram");
    for (let times = 0; running.ending === null; times++) {
      must(times < 20, "silence ends it");
      now = running.deadline;
      take(step(running, "timer", now));
    }
    return `${running.ending.kind} ${"reason" in running.ending ? running.ending.reason : ""} after ${Math.min(running.received, 3)} blocks`;
  },
};

export const DOWNLOAD: readonly Target[] = [download];
