import { fork } from "node:child_process";
import { createSocket, type Socket } from "node:dgram";
import { readdirSync, readFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { connect as connectTls } from "node:tls";
import { encodeTftp } from "../../../src/tftp/packet.ts";
import type { Ipv4 } from "../../../src/wire/ipv4.ts";
import { type Material, mutate } from "../mutate.ts";
import { Random } from "../random.ts";
import { packetsOf } from "../seeds.ts";
import { bytesOf } from "../target.ts";
import { DHCP_WORDS } from "../targets/dhcp.ts";
import { RESCUE } from "../targets/rescue.ts";
import { TFTP_WORDS } from "../targets/tftp.ts";
import { bootHonestly } from "./device.ts";
import type { FromStation } from "./station.ts";

// Run on a private network by ../live.ts: floods a whole station with mutations, and boots an honest device in between.
const [inputs, seed] = process.argv.slice(2).map(Number) as [number, number];
const STATION = "10.99.0.2";
const HONEST = "10.99.0.100" as Ipv4;
const ADDRESSES = Array.from({ length: 20 }, (_, index) => `10.99.0.${101 + index}`);
const random = new Random(seed, "live");

const request = (path: string, more = "") => `GET ${path} HTTP/1.1\r\nHost: s\r\n${more}\r\n`;
const post = (body: Uint8Array) =>
  Buffer.concat([
    Buffer.from(`POST /agent/v1/hello HTTP/1.1\r\nHost: s\r\nContent-Type: text/plain\r\n`),
    Buffer.from(
      `Authorization: Bearer ${"5e".repeat(32)}\r\nConnection: close\r\nContent-Length: ${body.length}\r\n\r\n`,
    ),
    body,
  ]);
const HTTP_WORDS = bytesOf(
  ...[
    "\r\n",
    "\r\n\r\n",
    "HEAD ",
    "PUT ",
    "//",
    "/../",
    "%2e",
    "Content-Length: 9\r\n",
    "Transfer-Encoding: chunked\r\n",
  ],
  ...[
    "Expect: 100-continue\r\n",
    "Connection: upgrade\r\n",
    "HTTP/1.0",
    "HTTP/2",
    "\u0000",
    "\u001b[2J",
    "Range: bytes=0-\r\n",
  ],
);
const material = {
  dhcp: { corpus: packetsOf("dhcp"), dictionary: DHCP_WORDS, longest: 4200 },
  tftp: {
    corpus: [
      ...packetsOf("tftp"),
      encodeTftp({ opcode: "RRQ", filename: "shimx64.efi", mode: "octet", options: [["blksize", "1024"]] }),
      ...[0, 1, 2].map((block) => encodeTftp({ opcode: "ACK", block })),
    ],
    dictionary: TFTP_WORDS,
    longest: 2000,
  },
  http: {
    corpus: bytesOf(...["/vmlinuz", "/session.cpio", "/grub/grub.cfg", "//x"].map((path) => request(path))),
    dictionary: HTTP_WORDS,
    longest: 20_000,
  },
  https: {
    corpus: (RESCUE[0]!.seeds as readonly Uint8Array[]).slice(0, 12).map(post),
    dictionary: HTTP_WORDS,
    longest: 70_000,
  },
} satisfies Record<string, Material>;

const sent = { dhcp: 0, tftp: 0, http: 0, https: 0 };
const findings: string[] = [];

const station = fork(join(import.meta.dirname, "station.ts"), { stdio: ["ignore", "inherit", "inherit", "ipc"] });
const waiting: ((message: FromStation) => void)[] = [];
station.on("message", (message: FromStation) => {
  if ("crash" in message) findings.push(`the station fell: ${message.crash}`);
  else if ("wrong" in message) findings.push(message.wrong);
  else waiting.shift()?.(message);
});
const exited = new Promise<void>((resolve) => station.once("exit", () => resolve()));
const hear = () =>
  Promise.race([
    new Promise<FromStation>((resolve) => waiting.push(resolve)),
    exited.then(() => Promise.reject(new Error(findings.join("\n") || "the station is gone"))),
  ]);
await hear();

async function udpFrom(address: string): Promise<Socket> {
  const socket = createSocket("udp4");
  await new Promise<void>((resolve) => socket.bind(0, address, resolve));
  socket.on("error", () => {});
  // Whatever a transfer sends is answered with more of the same.
  socket.on("message", (_bytes, { port }) => {
    if (port === 67 || port === 4011 || sent.tftp % 3 === 0) return;
    sent.tftp += 1;
    socket.send(mutate(material.tftp, random), port, STATION);
  });
  return socket;
}

/** What comes back is read and dropped; now and then nothing is read, or the line is cut. */
function overTcp(kind: "http" | "https", localAddress: string): Promise<void> {
  sent[kind] += 1;
  const bytes = mutate(material[kind], random);
  const raw = kind === "http" || random.below(8) === 0;
  return new Promise((resolve) => {
    const to = { host: STATION, port: kind === "http" ? 80 : 443, localAddress };
    const socket = raw ? connect(to) : connectTls({ ...to, rejectUnauthorized: false });
    socket.setTimeout(500, () => socket.destroy());
    socket.on("error", () => {}).once("close", () => resolve());
    socket.once(raw ? "connect" : "secureConnect", () => {
      socket.write(bytes);
      if (random.below(10) === 0) socket.destroy();
      else if (random.below(3) === 0) socket.end();
    });
    socket.resume();
  });
}

const filesOpen = () => readdirSync(`/proc/${station.pid}/fd`).length;
const resident = () =>
  Number(/VmRSS:\s+([0-9]+)/.exec(readFileSync(`/proc/${station.pid}/status`, "utf8"))?.[1]) * 1024;

async function measure() {
  // Transfers that nobody answers end after seven seconds, half-open connections after ten.
  const heard = hear();
  station.send("measure");
  const figures = (await heard) as { heap: number; counters: Record<string, Record<string, number>> };
  return { heap: figures.heap, resident: resident(), files: filesOpen(), counters: figures.counters };
}

const total = () => Object.values(sent).reduce((sum, count) => sum + count, 0);
const began = performance.now();
let first: Awaited<ReturnType<typeof measure>> | null = null;
let honest = 0;
for (let round = 0; total() < inputs && station.exitCode === null; round++) {
  const socket = await udpFrom(ADDRESSES[round % ADDRESSES.length]!);
  for (let each = 0; each < 60; each++) {
    for (const port of [67, 4011]) {
      sent.dhcp += 1;
      socket.send(mutate(material.dhcp, random), port, STATION);
    }
    sent.tftp += 1;
    socket.send(mutate(material.tftp, random), 69, STATION);
    if (each % 20 === 0) await pause(1);
  }
  const lines = Array.from({ length: 6 }, (_, index) =>
    overTcp(index % 3 === 0 ? "https" : "http", random.pick(ADDRESSES)),
  );
  await Promise.all(lines);
  socket.close();
  if (round % 25 === 0)
    try {
      await bootHonestly(HONEST);
      honest += 1;
    } catch (error) {
      findings.push((error as Error).message);
      break;
    }
  if (first === null && total() > inputs / 5 && station.exitCode === null) first = await measure();
}
const milliseconds = performance.now() - began;
if (station.exitCode === null) {
  await pause(15_000);
  const last = await measure();
  const before = first ?? last;
  if (last.files > before.files + 20) findings.push(`open files: ${before.files}, later ${last.files}`);
  if (last.heap > before.heap + 32 * 1024 * 1024) findings.push(`heap: ${before.heap}, later ${last.heap}`);
  await bootHonestly(HONEST).catch((error: Error) => findings.push(error.message));
  process.stdout.write(`${JSON.stringify({ sent, honest, milliseconds, before, last, findings })}\n`);
  station.send("close");
} else process.stdout.write(`${JSON.stringify({ sent, honest, milliseconds, findings })}\n`);
await exited;
process.exit(findings.length === 0 ? 0 : 1);
