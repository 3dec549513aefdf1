import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, it } from "vitest";
import { startTftp, type TftpServer } from "../../src/server/tftp.ts";
import type { TftpEvent } from "../../src/station/tftp-event.ts";
import { servedName } from "../../src/tftp/name.ts";
import { decodeTftp } from "../../src/tftp/packet.ts";
import { refusal } from "../../src/tftp/request.ts";
import { parseIpv4 } from "../../src/wire/ipv4.ts";
import { describeWith } from "./needs.ts";
import { UdpPeer } from "./udp-peer.ts";

const run = promisify(execFile);
const LOOPBACK = parseIpv4("127.0.0.1");
// 2^16 blocks of 512 bytes, or of 8, and one byte more make block numbers roll over; a multiple of the block size ends in
// an empty block.
const FILES = new Map<string, Uint8Array>([
  ["empty.efi", new Uint8Array(0)],
  ["one-byte.efi", randomBytes(1)],
  ["multiple.efi", randomBytes(512 * 8 * 1428)],
  ["Boot/BCD", randomBytes(8 * 65_536 + 1)],
  ["grub/roll-over.img", randomBytes(512 * 65_536 + 1)],
]);
const TWICE_ROUND = randomBytes(512 * 2 * 65_536 + 1);
const SERVED = new Map([...FILES, ["sources/boot.wim", TWICE_ROUND]]);

/** A program of somebody else's, and how it is told to fetch `name` from `port` into `file`. */
interface Client {
  readonly name: string;
  readonly program: string;
  readonly argv: (name: string, port: number, file: string) => readonly string[];
  /** The options in its request, in their order. */
  readonly asks: string;
  /** Files it cannot fetch from any server, or not in a minute. */
  readonly skips?: readonly string[];
}

const atftp = (asks: string, ...options: string[]): Client => ({
  name: ["atftp", ...options].join(", "),
  program: "atftp",
  asks,
  argv: (name, port, file) => {
    const asked = options.flatMap((option) => ["--option", option]);
    return ["--get", "-r", name, "-l", file, ...asked, "127.0.0.1", `${port}`];
  },
});
const curl = (asks: string, ...options: string[]): Client => ({
  name: ["curl", ...options].join(" "),
  program: "curl",
  asks,
  // curl takes a size of 0 for an invalid answer to tsize (lib/tftp.c, tftp_parse_option_ack).
  ...(asks === "" ? {} : { skips: ["empty.efi"] }),
  argv: (name, port, file) => ["-sS", "--fail", ...options, "-o", file, `tftp://127.0.0.1:${port}/${name}`],
});
const busybox = (asks: string, ...options: string[]): Client => ({
  name: ["busybox tftp", ...options].join(" "),
  program: "busybox",
  asks,
  argv: (name, port, file) => ["tftp", "-g", ...options, "-r", name, "-l", file, "127.0.0.1", `${port}`],
});
const npmTftp = (asks: string, options: { blockSize?: number; windowSize?: number }): Client => ({
  name: `npm tftp ${JSON.stringify(options)}`,
  program: process.execPath,
  asks,
  argv: (name, port, file) => [
    "--eval",
    `const { createClient } = require("tftp");
     createClient({ host: "127.0.0.1", port: ${port}, ...${JSON.stringify(options)} })
       .get(${JSON.stringify(name)}, ${JSON.stringify(file)}, (error) => { if (error) throw error; });`,
  ],
});

const CLIENTS: readonly Client[] = [
  atftp(""),
  { ...atftp("blksize", "blksize 8"), skips: ["multiple.efi", "grub/roll-over.img"] },
  atftp("blksize", "blksize 65464"),
  atftp("tsize timeout blksize", "blksize 8192", "tsize 0", "timeout 2"),
  atftp("windowsize", "windowsize 4"),
  atftp("blksize windowsize", "blksize 512", "windowsize 65535"),
  atftp("tsize blksize windowsize", "blksize 1428", "windowsize 64", "tsize 0"),
  {
    name: "tftp-hpa",
    program: "tftp",
    asks: "",
    argv: (name, port, file) => ["-m", "binary", "127.0.0.1", `${port}`, "-c", "get", name, file],
  },
  curl("tsize blksize timeout"),
  curl("tsize blksize timeout", "--tftp-blksize", "1468"),
  curl("", "--tftp-no-options"),
  busybox("tsize"),
  busybox("blksize tsize", "-b", "1468"),
  busybox("blksize tsize", "-b", "65464"),
  npmTftp("blksize timeout windowsize rollover tsize", {}),
  npmTftp("blksize timeout windowsize rollover tsize", { blockSize: 1428, windowSize: 16 }),
  npmTftp("blksize timeout windowsize rollover tsize", { blockSize: 512, windowSize: 64 }),
];

const folder = mkdtempSync(join(tmpdir(), "breakglass-tftp-"));
const events: TftpEvent[] = [];
let server: TftpServer;

beforeAll(async () => {
  server = await startTftp({
    address: LOOPBACK,
    port: 0,
    resolve: (name) => SERVED.get(servedName(name, SERVED.keys()) ?? "") ?? null,
    onEvent: (event) => events.push(event),
  });
});
afterAll(async () => {
  await server.close();
  rmSync(folder, { recursive: true, force: true });
});

for (const { name: client, program, argv, asks, skips = [] } of CLIENTS) {
  describeWith([program], client, () => {
    it("fetches every file byte for byte", async () => {
      for (const [name, bytes] of FILES) {
        if (skips.includes(name)) continue;
        const file = join(folder, "fetched");
        rmSync(file, { force: true });
        await run(program, [...argv(name, server.port, file)], { timeout: 120_000 });
        expect(Buffer.compare(readFileSync(file), bytes), name).toBe(0);
        expect(events.at(-1)).toMatchObject({ kind: "finished", name });
      }
    });

    it(`asks for ${asks === "" ? "no options" : asks}`, async () => {
      const peer = await UdpPeer.open();
      const running = run(program, [...argv("a", peer.port, join(folder, "a"))], { timeout: 20_000 }).catch(() => {});
      await peer.until(1);
      const { bytes, port } = peer.received[0]!;
      peer.send(refusal("not-found"), port);
      await running;
      peer.close();
      const request = decodeTftp(bytes);
      if (request.opcode !== "RRQ") throw new Error(request.opcode);
      expect(request.options.map(([option]) => option).join(" ")).toBe(asks);
    });

    it("is told that a file is not there, and does not wait for it", async () => {
      const file = join(folder, "not-there");
      // Some of them say so with their exit code, some only in words; none has to be killed.
      const killed = await run(program, [...argv("revocations_sku.efi", server.port, file)], { timeout: 20_000 }).then(
        () => false,
        (error: { killed: boolean }) => error.killed,
      );
      expect(killed).toBe(false);
      // tftp-hpa acknowledges the ERROR, which is one packet of rubbish more.
      const last = events.findLast(({ kind }) => kind !== "malformed");
      expect(last).toMatchObject({ kind: "refused", name: "revocations_sku.efi", reason: "not-found" });
    });
  });
}

describeWith(["atftp", "tftp"], "a file of more than twice 65,536 blocks", () => {
  it("arrives byte for byte: block numbers roll over more than once, without a window and with one", async () => {
    const file = join(folder, "twice");
    for (const name of ["tftp-hpa", "atftp, windowsize 4"]) {
      const { program, argv } = CLIENTS.find((client) => client.name === name)!;
      await run(program, [...argv("sources/boot.wim", server.port, file)], { timeout: 120_000 });
      expect(Buffer.compare(readFileSync(file), TWICE_ROUND), name).toBe(0);
      rmSync(file);
    }
  });
});

describeWith(["atftp"], "a name", () => {
  it("with backslashes and in any case is the file that Windows' boot manager means", async () => {
    const file = join(folder, "bcd");
    await run("atftp", ["--get", "-r", "\\boot\\bcd", "-l", file, "127.0.0.1", `${server.port}`]);
    expect(Buffer.compare(readFileSync(file), FILES.get("Boot/BCD")!)).toBe(0);
  });
});
