import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, it } from "vitest";
import { startTftp, type TftpEvent, type TftpServer } from "../../src/server/tftp.ts";
import { parseIpv4 } from "../../src/wire/ipv4.ts";
import { describeWith } from "./needs.ts";

const run = promisify(execFile);
const LOOPBACK = parseIpv4("127.0.0.1");
// One byte over 2^16 blocks of 512 makes block numbers roll over; a multiple of the block size ends in an empty block.
const FILES = new Map<string, Uint8Array>([
  ["empty.efi", new Uint8Array(0)],
  ["one-byte.efi", randomBytes(1)],
  ["multiple.efi", randomBytes(512 * 8 * 1428)],
  ["grub/roll-over.img", randomBytes(512 * 65_536 + 1)],
]);

/** A program of somebody else's, and how it is told to fetch `name` from `port` into `file`. */
interface Client {
  readonly name: string;
  readonly program: string;
  readonly argv: (name: string, port: number, file: string) => readonly string[];
  /** A file it cannot fetch from any server. */
  readonly cannot?: string;
}

const atftp = (...options: string[]): Client => ({
  name: ["atftp", ...options].join(", "),
  program: "atftp",
  argv: (name, port, file) => {
    const asked = options.flatMap((option) => ["--option", option]);
    return ["--get", "-r", name, "-l", file, ...asked, "127.0.0.1", `${port}`];
  },
});
const curl = (...options: string[]): Client => ({
  name: ["curl", ...options].join(" "),
  program: "curl",
  // curl takes a size of 0 for an invalid answer to tsize (lib/tftp.c, tftp_parse_option_ack).
  ...(options.includes("--tftp-no-options") ? {} : { cannot: "empty.efi" }),
  argv: (name, port, file) => ["-sS", "--fail", ...options, "-o", file, `tftp://127.0.0.1:${port}/${name}`],
});
const busybox = (...options: string[]): Client => ({
  name: ["busybox tftp", ...options].join(" "),
  program: "busybox",
  argv: (name, port, file) => ["tftp", "-g", ...options, "-r", name, "-l", file, "127.0.0.1", `${port}`],
});
const npmTftp = (options: { blockSize?: number; windowSize?: number }): Client => ({
  name: `npm tftp ${JSON.stringify(options)}`,
  program: process.execPath,
  argv: (name, port, file) => [
    "--eval",
    `const { createClient } = require("tftp");
     createClient({ host: "127.0.0.1", port: ${port}, ...${JSON.stringify(options)} })
       .get(${JSON.stringify(name)}, ${JSON.stringify(file)}, (error) => { if (error) throw error; });`,
  ],
});

const CLIENTS: readonly Client[] = [
  atftp(),
  atftp("blksize 1428"),
  atftp("blksize 8192", "tsize enable", "timeout 2"),
  atftp("blksize 1428", "windowsize 4"),
  atftp("blksize 1428", "windowsize 64", "tsize enable"),
  {
    name: "tftp-hpa",
    program: "tftp",
    argv: (name, port, file) => ["-m", "binary", "127.0.0.1", `${port}`, "-c", "get", name, file],
  },
  curl(),
  curl("--tftp-blksize", "1468"),
  curl("--tftp-no-options"),
  busybox(),
  busybox("-b", "1468"),
  npmTftp({}),
  npmTftp({ blockSize: 1428, windowSize: 16 }),
];

const folder = mkdtempSync(join(tmpdir(), "breakglass-tftp-"));
const events: TftpEvent[] = [];
let server: TftpServer;

beforeAll(async () => {
  server = await startTftp({
    address: LOOPBACK,
    port: 0,
    resolve: (name) => FILES.get(name) ?? null,
    onEvent: (event) => events.push(event),
  });
});
afterAll(async () => {
  await server.close();
  rmSync(folder, { recursive: true, force: true });
});

for (const { name: client, program, argv, cannot } of CLIENTS) {
  describeWith([program], client, () => {
    it("fetches every file byte for byte", async () => {
      for (const [name, bytes] of FILES) {
        if (name === cannot) continue;
        const file = join(folder, "fetched");
        rmSync(file, { force: true });
        await run(program, [...argv(name, server.port, file)], { timeout: 120_000 });
        expect(Buffer.compare(readFileSync(file), bytes), name).toBe(0);
        expect(events.at(-1)).toMatchObject({ kind: "finished", name });
      }
    });

    it("is told at once that a file is not there", async () => {
      const started = performance.now();
      const file = join(folder, "not-there");
      // Some of them say so with their exit code, some only in words.
      await run(program, [...argv("revocations_sku.efi", server.port, file)], { timeout: 20_000 }).catch(() => {});
      expect(performance.now() - started).toBeLessThan(5000);
      // tftp-hpa acknowledges the ERROR, which is one packet of rubbish more.
      const last = events.findLast(({ kind }) => kind !== "malformed");
      expect(last).toMatchObject({ kind: "refused", name: "revocations_sku.efi", reason: "not-found" });
    });
  });
}
