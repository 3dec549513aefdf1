import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { begin, type Download, type DownloadOptions, type DownloadOutput, step } from "../../src/tftp/download.ts";
import { decodeTftp, type Options, type TftpPacket } from "../../src/tftp/packet.ts";
import { OurDevice } from "./devices.ts";
import { printPacket } from "./print-packet.ts";
import { type Fate, LOST, ONCE, simulate, TWICE } from "./simulated-network.ts";

const PORT = 4096;

function start(asked: DownloadOptions): Download {
  return begin("shimx64.efi", asked, 0).download;
}
/** What a packet brings about, each output in a few words. */
function hear(download: Download, packet: TftpPacket, port = PORT, now = 1): string[] {
  return step(download, { packet, port }, now).map(print);
}
function print(output: DownloadOutput): string {
  if (output.kind === "data") return `${output.data.length} bytes`;
  if (output.kind === "ended") return JSON.stringify(output.ending);
  return `${printPacket(decodeTftp(output.bytes)).trim()} to ${output.port ?? "the server"}`;
}
const data = (block: number, length = 512): TftpPacket => ({ opcode: "DATA", block, data: new Uint8Array(length) });
const oack = (...options: Options): TftpPacket => ({ opcode: "OACK", options });
const FINISHED = '{"kind":"finished"}';
const windowOf4 = () => {
  const download = start({ windowSize: 4 });
  hear(download, oack(["windowsize", "4"]));
  return download;
};

describe("a download", () => {
  it("without options is RFC 1350: a request, and an ACK for each block until a short one", () => {
    const { download, outputs } = begin("shimx64.efi", {}, 0);
    expect(outputs.map(print)).toEqual(['RRQ "shimx64.efi" octet to the server']);
    expect(hear(download, data(1))).toEqual(["512 bytes", "ACK 1 to 4096"]);
    expect(hear(download, data(2, 0))).toEqual(["0 bytes", "ACK 2 to 4096", FINISHED]);
    expect(download).toMatchObject({ bytes: 512, size: null, deadline: Number.POSITIVE_INFINITY });
  });

  it("asks for the options it was told to ask for, and takes what the OACK grants of them (RFC 2347)", () => {
    const asked = { blockSize: 1468, windowSize: 64, timeout: 2, size: "too" } as const;
    const { download, outputs } = begin("a", asked, 0);
    expect(outputs.map(print)).toEqual(['RRQ "a" octet tsize=0 blksize=1468 windowsize=64 timeout=2 to the server']);
    expect(hear(download, oack(["TSIZE", "2000"], ["BlkSize", "1000"], ["windowsize", "2"]))).toEqual([
      "ACK 0 to 4096",
    ]);
    expect(download).toMatchObject({ size: 2000, blockSize: 1000, windowSize: 2 });
    expect(hear(download, data(1, 1000))).toEqual(["1000 bytes"]);
    expect(hear(download, data(2, 1000))).toEqual(["1000 bytes", "ACK 2 to 4096"]);
    expect(hear(download, data(3, 0))).toEqual(["0 bytes", "ACK 3 to 4096", FINISHED]);
  });

  it("goes on as RFC 1350 where the station answers with DATA instead of an OACK (RFC 2347)", () => {
    const download = start({ blockSize: 1468, windowSize: 4 });
    expect(hear(download, data(1))).toEqual(["512 bytes", "ACK 1 to 4096"]);
  });

  it("ends with ERROR 8 where the OACK grants what was not asked for, or more than that (RFC 2347)", () => {
    const wrong: Options = [
      ["blksize", "1469"],
      ["blksize", "7"],
      ["windowsize", "0"],
      ["timeout", "2"],
      ["tsize", "1"],
      ["blksize", "1e3"],
    ];
    for (const option of wrong) {
      const [refusal, ending] = hear(start({ blockSize: 1468, windowSize: 4, timeout: 3 }), oack(option));
      expect(refusal).toMatch(/^ERROR 8 /);
      expect(ending).toBe('{"kind":"failed","reason":"options"}');
    }
  });

  it("that only wants the size ends with ERROR 8 when it has it, as UEFI firmware does (RFC 2349)", () => {
    const download = start({ blockSize: 1468, size: "only" });
    expect(hear(download, oack(["tsize", "965672"]))).toEqual([
      'ERROR 8 "only the size was asked for" to 4096',
      FINISHED,
    ]);
    expect(download.size).toBe(965_672);
  });

  it("ends with the station's ERROR, in its words", () => {
    const error: TftpPacket = { opcode: "ERROR", code: 1, message: "file not found" };
    expect(hear(start({}), error)).toEqual(['{"kind":"refused","code":1,"message":"file not found"}']);
  });

  it("fails where the file is not as long as the station said", () => {
    const download = start({ size: "too" });
    hear(download, oack(["tsize", "513"]));
    expect(hear(download, data(1, 511)).at(-1)).toBe('{"kind":"failed","reason":"size"}');
  });

  it("takes no block that is longer than was agreed on (RFC 2348)", () => {
    const download = start({});
    expect(hear(download, data(1, 513))).toEqual([]);
    expect(hear(download, data(1))).toEqual(["512 bytes", "ACK 1 to 4096"]);
  });

  it("acknowledges a window at its end, and a gap once, with the block before it (RFC 7440 section 4)", () => {
    const download = windowOf4();
    expect(hear(download, data(1))).toEqual(["512 bytes"]);
    expect(hear(download, data(3))).toEqual(["ACK 1 to 4096"]);
    expect(hear(download, data(4))).toEqual([]);
    for (const block of [2, 3, 4]) expect(hear(download, data(block))).toEqual(["512 bytes"]);
    expect(hear(download, data(5))).toEqual(["512 bytes", "ACK 5 to 4096"]);
  });

  it("tells of a gap again where the blocks beyond it are sent again", () => {
    const download = windowOf4();
    for (const block of [3, 4]) hear(download, data(block));
    expect(hear(download, data(3))).toEqual(["ACK 0 to 4096"]);
    expect(hear(download, data(4))).toEqual([]);
  });

  it("repeats a lost ACK when the last block acknowledged comes again, and is silent about other old blocks", () => {
    const download = windowOf4();
    for (const block of [1, 2, 3, 4]) hear(download, data(block));
    for (const block of [1, 2, 3]) expect(hear(download, data(block))).toEqual([]);
    expect(hear(download, data(4))).toEqual(["ACK 4 to 4096"]);
    hear(download, data(5));
    for (const block of [4, 5]) expect(hear(download, data(block))).toEqual([]);
  });

  it("answers an OACK that comes again, as long as no block came", () => {
    const download = windowOf4();
    expect(hear(download, oack(["windowsize", "4"]))).toEqual(["ACK 0 to 4096"]);
    hear(download, data(1));
    expect(hear(download, oack(["windowsize", "4"]))).toEqual([]);
  });

  it("repeats its last ACK after the end to a station that missed it (RFC 1350 section 6), and nothing else", () => {
    const download = start({});
    hear(download, data(1, 10));
    expect(hear(download, data(1, 10))).toEqual(["ACK 1 to 4096"]);
    for (const packet of [data(2), oack(), { opcode: "ERROR", code: 0, message: "" } as const])
      expect(hear(download, packet)).toEqual([]);
    expect(step(download, "timer", Number.MAX_VALUE)).toEqual([]);
  });

  it("takes no part of its file from another port, and tells that port so (RFC 1350 section 4)", () => {
    const download = start({});
    hear(download, data(1));
    expect(hear(download, data(2), 5000)).toEqual(['ERROR 5 "no such transfer" to 5000']);
    expect(hear(download, { opcode: "ERROR", code: 0, message: "" }, 5000)).toEqual([]);
    expect(hear(download, data(2))).toEqual(["512 bytes", "ACK 2 to 4096"]);
  });

  it("asks again at 1, 3, 7, 11, 15 and 19 s, then gives up", () => {
    const download = start({});
    const at: number[] = [];
    let said: string[] = [];
    while (download.ending === null) {
      at.push(download.deadline);
      said = step(download, "timer", download.deadline).map(print);
      if (download.ending === null) expect(said).toEqual(['RRQ "shimx64.efi" octet to the server']);
    }
    expect(at).toEqual([1000, 3000, 7000, 11_000, 15_000, 19_000, 23_000]);
    expect(said).toEqual(['{"kind":"failed","reason":"unanswered"}']);
  });

  it("repeats its last ACK in silence, as often as it asked for (RFC 2349), and calls it silence at the end", () => {
    const download = start({ timeout: 1 });
    hear(download, data(1));
    expect(step(download, "timer", 1000)).toEqual([]);
    expect(step(download, "timer", 1001).map(print)).toEqual(["ACK 1 to 4096"]);
    while (download.ending === null) step(download, "timer", download.deadline);
    expect(download.ending).toEqual({ kind: "failed", reason: "silent" });
  });

  it("survives any packet, and ends but once", () => {
    const word = fc.constantFrom(0, 1, 2, 3, 4, 5, 0x7fff, 0xffff);
    const value = fc.constantFrom("0", "1", "8", "512", "65535", "-1", "x");
    const option = fc.tuple(fc.constantFrom("blksize", "windowsize", "tsize", "timeout", "odd"), value);
    const packet: fc.Arbitrary<TftpPacket> = fc.oneof(
      fc.record({ opcode: fc.constant("DATA"), block: word, data: fc.uint8Array({ maxLength: 16 }) }),
      fc.record({ opcode: fc.constant("OACK"), options: fc.array(option, { maxLength: 3 }) }),
      fc.record({ opcode: fc.constant("ERROR"), code: word, message: fc.constant("") }),
      fc.record({ opcode: fc.constant("ACK"), block: word }),
    );
    const input = fc.oneof(
      { weight: 5, arbitrary: fc.record({ packet, port: fc.constantFrom(1, 1, 1, 2) }) },
      { weight: 1, arbitrary: fc.constant("timer" as const) },
    );
    const asked = { blockSize: 8, windowSize: 4, size: "too" } as const;
    fc.assert(
      fc.property(fc.constantFrom<DownloadOptions>({}, asked), fc.array(input), (options, inputs) => {
        const download = start(options);
        let ended = 0;
        let bytes = 0;
        for (const each of inputs) {
          for (const output of step(download, each, Math.min(download.deadline, 1e9))) {
            if (output.kind === "ended") ended++;
            if (output.kind === "data") bytes += output.data.length;
          }
        }
        expect(ended).toBe(download.ending === null ? 0 : 1);
        expect(bytes).toBe(download.bytes);
      }),
      { numRuns: 1000 },
    );
  });
});

describe("a download from our own server", () => {
  const late = fc.constantFrom<readonly number[]>(LOST, ONCE, ONCE, ONCE, ONCE, TWICE, [3], [0, 40], [300]);
  /** A network that misfortune befalls by a repeatable pattern, which comes round until the transfer ends. */
  const fate: fc.Arbitrary<Fate> = fc
    .array(late, { minLength: 1, maxLength: 100 })
    .map((pattern) => (n: number) => pattern[n % pattern.length]!);
  const shape = fc.record({
    fileBytes: fc.oneof(
      fc.nat(6000),
      fc.nat(30).map((blocks) => blocks * 64),
    ),
    asked: fc.record(
      {
        blockSize: fc.oneof(fc.integer({ min: 8, max: 200 }), fc.constant(64)),
        windowSize: fc.integer({ min: 1, max: 80 }),
        timeout: fc.integer({ min: 1, max: 4 }),
        size: fc.constant("too" as const),
      },
      { requiredKeys: [] },
    ),
    toDevice: fate,
    toStation: fate,
    delay: fc.integer({ min: 1, max: 50 }),
  });

  it("ends whole or is reported failed, after a bounded number of datagrams, over any network", () => {
    fc.assert(
      fc.property(shape, ({ asked, ...network }) => {
        const device = new OurDevice(asked);
        const { file, received, endings, dataSent } = simulate({ ...network, device });
        const { ending, blockSize, windowSize } = device.download!;
        expect(ending).not.toBeNull();
        expect(endings).not.toContain(null);
        expect(Buffer.compare(received, file.subarray(0, received.length))).toBe(0);
        if (ending?.kind === "finished") expect(received.length).toBe(file.length);
        // The station says finished only of a file that is there.
        if (endings.some((ending) => ending?.kind === "finished")) expect(received.length).toBe(file.length);
        // For each block its first window, 13 more that the device asks for, 13 in silence; no way to go on for ever.
        expect(dataSent).toBeLessThanOrEqual((file.length / blockSize + 1) * 27 * windowSize);
      }),
      { numRuns: 500 },
    );
  });
});
