import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, expect, it } from "vitest";
import { ownMounts } from "../../src/drill/lab/own-mounts.ts";
import { startTftp, type TftpServer } from "../../src/server/tftp.ts";
import { parseIpv4 } from "../../src/wire/ipv4.ts";
import { compileLoad, type Load, runLoad } from "../bench/load.ts";
import { describeWith } from "./needs.ts";

const folder = mkdtempSync(join(tmpdir(), "breakglass-bench-"));
const program = join(folder, "load");
// The last block is an empty one without options (512), and a short one with 1428.
const FILE = Uint8Array.from({ length: 512 * 400 }, (_, index) => (index * 7 + (index >> 9)) & 0xff);

let server: TftpServer | undefined;
afterEach(async () => {
  await server?.close();
  server = undefined;
});
afterAll(() => rmSync(folder, { recursive: true }));

async function load(served: Uint8Array, more: Partial<Load>) {
  const resolve = () => served;
  server = await startTftp({ address: parseIpv4("127.0.0.1"), port: 0, resolve, onEvent: () => {} });
  return runLoad([program], {
    ...{ server: "127.0.0.1", port: server.port, name: "file", file: join(folder, "file"), devices: 3 },
    ...{ firstAddress: "127.1.0.1", blockSize: 1428, windowSize: 8, lostPermille: 0, seconds: 30 },
    ...more,
  });
}

beforeAll(async () => {
  writeFileSync(join(folder, "file"), FILE);
  if (existsSync("/usr/bin/gcc")) await compileLoad(program);
});

describeWith(["gcc"], "the benchmark's devices", () => {
  it.each([
    { windowSize: 8, acks: 18 },
    { windowSize: 1, acks: 144 },
  ])("acknowledge each window of $windowSize, not each block, after a request and an OACK", async (each) => {
    const { windowSize, acks } = each;
    const loaded = await load(FILE, { windowSize, devices: 1 });
    expect(loaded).toMatchObject({ finished: 1, unfinished: 0, bytes: FILE.length });
    // A busy machine has some block sent twice.
    expect(loaded.sent).toBeGreaterThanOrEqual(2 + acks);
    expect(loaded.sent).toBeLessThan(2 * acks);
  });

  it("get the whole file, each of them, though every tenth datagram is lost both ways", async () => {
    const loaded = await load(FILE, { lostPermille: 100 });
    expect(loaded).toMatchObject({ finished: 3, bytes: 3 * FILE.length, mostAtOnce: 3 });
    expect(loaded.lost).toBeGreaterThan(10);
  });

  it("notice a single wrong byte", async () => {
    const wrong = Uint8Array.from(FILE);
    wrong[wrong.length - 1]! ^= 1;
    await expect(load(wrong, {})).rejects.toThrow(/block 144 is not the file's/);
  });
});

describeWith(["gcc", "unshare", "ip"], "a window handed to the kernel at once", () => {
  it("goes out block by block where the network takes no packets of that size", () => {
    const file = join(folder, "file");
    const own = ["--net", ...ownMounts(), "--pid", "--fork", "--kill-child", "--mount-proc"];
    const flags = process.getuid?.() === 0 ? own : ["--user", "--map-root-user", ...own];
    const script = `
      ip link set lo up mtu 1500
      "$1" "$2" 127.0.0.1 "$3" >/dev/null 2>&1 & server=$!
      until grep -q ":0045 " /proc/net/udp; do sleep 0.1; done
      "$4" 127.0.0.1 69 file "$3" 2 127.1.0.1 8192 4 0 10
      kill $server
    `;
    const server = join(import.meta.dirname, "..", "bench", "serve-breakglass.ts");
    const argv = [...flags, "sh", "-euc", script, "sh", process.execPath, server, file, program];
    const { stdout, stderr } = spawnSync("unshare", argv, { encoding: "utf8", timeout: 30_000 });
    expect(JSON.parse(stdout || stderr)).toMatchObject({ finished: 2, unfinished: 0, bytes: 2 * FILE.length });
  });
});
