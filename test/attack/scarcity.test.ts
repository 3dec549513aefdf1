import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { createSocket, type Socket } from "node:dgram";
import { mkdtempSync, rmSync } from "node:fs";
import { get } from "node:http";
import { connect, type Socket as TcpSocket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as pause } from "node:timers/promises";
import { afterEach, describe, expect, it } from "vitest";
import { ownMounts } from "../../src/drill/lab/own-mounts.ts";
import { encodeTftp } from "../../src/tftp/packet.ts";
import { download } from "./download.ts";

let station: ChildProcess | null = null;
const udp: Socket[] = [];
const tcp: TcpSocket[] = [];
afterEach(() => {
  for (const socket of udp.splice(0)) socket.close();
  for (const socket of tcp.splice(0)) socket.destroy();
  station?.kill("SIGKILL");
  station = null;
});

interface Said {
  readonly tftp?: number;
  readonly http?: number;
  readonly failed?: string;
  readonly crash?: string;
}

/** The station's TFTP and HTTP in a process of their own that may open so many files. */
async function startWith(files: number): Promise<{ tftp: number; http: number; said: Said[] }> {
  const program = `ulimit -n ${files}; exec "$0" "$1"`;
  station = spawn("sh", ["-c", program, process.execPath, join(import.meta.dirname, "scarce.ts")], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const said: Said[] = [];
  createInterface({ input: station.stdout! }).on("line", (line) => said.push(JSON.parse(line) as Said));
  while (said.length === 0) await pause(10);
  return { tftp: said[0]!.tftp!, http: said[0]!.http!, said };
}

const fetched = (port: number) =>
  new Promise<number>((resolve, reject) => {
    get({ port, host: "127.0.0.1", path: "/vmlinuz", agent: false }, (response) => {
      let length = 0;
      response.on("data", (part) => {
        length += part.length;
      });
      response.on("end", () => resolve(length));
    }).on("error", reject);
  });

describe("a station whose disk is full", () => {
  it("is silent to devices that ask to boot, names the ledger, and answers again when there is room", () => {
    const folder = mkdtempSync(join(tmpdir(), "breakglass-full-"));
    const program = `mount -t tmpfs -o size=512k tmpfs "$2" && head -c 262144 /dev/zero > "$2/ballast"
      exec "$0" "$1" "$2" 300`;
    // As root without a user namespace: in a chroot the kernel makes none.
    const user = process.getuid?.() === 0 ? [] : ["--map-root-user"];
    const argv = [process.execPath, join(import.meta.dirname, "full-disk.ts"), folder];
    const done = spawnSync("unshare", [...user, ...ownMounts(), "sh", "-ec", program, ...argv], { encoding: "utf8" });
    rmSync(folder, { recursive: true });
    const [full, after] = done.stdout.split("\n").map((line) => line && (JSON.parse(line) as object));
    expect(full, done.stderr).toMatchObject({
      answered: expect.toSatisfy((count: number) => count > 5 && count < 200),
      silent: 0,
      faults: [expect.stringMatching(/ledger\.sqlite has no room to grow: the disk is full/)],
    });
    expect(after, done.stderr).toEqual({ answered: 5, silent: 0, faults: [] });
  });
});

describe("a station that is out of file descriptors", () => {
  it("T16 loses the TFTP transfers that it has none for, says so, and serves the next device", async () => {
    const { tftp, said } = await startWith(40);
    const request = encodeTftp({ opcode: "RRQ", filename: "vmlinuz", mode: "octet", options: [["tsize", "0"]] });
    for (let times = 0; times < 60; times++) {
      const socket = createSocket("udp4");
      udp.push(socket);
      await new Promise<void>((resolve) => socket.bind(0, `127.0.1.${times + 1}`, resolve));
      socket.send(request, tftp, "127.0.0.1");
    }
    await pause(300);
    expect(said.filter(({ crash }) => crash !== undefined)).toEqual([]);
    expect(said.filter(({ failed }) => failed?.includes("EMFILE")).length).toBeGreaterThan(10);
    for (const socket of udp.splice(0)) socket.close();
    // Those that nobody answers end after seven seconds.
    await pause(7500);
    expect((await download(tftp, "127.0.2.1", "vmlinuz")).length).toBe(5000);
  }, 30_000);

  it("T16 loses the HTTP connections that it has none for, and serves the next device", async () => {
    const { http, said } = await startWith(40);
    for (let times = 0; times < 80; times++) tcp.push(connect(http, "127.0.0.1").on("error", () => {}));
    await pause(500);
    expect(said.filter(({ crash }) => crash !== undefined)).toEqual([]);
    for (const socket of tcp.splice(0)) socket.destroy();
    await pause(200);
    expect(await fetched(http)).toBe(5000);
  }, 30_000);
});
