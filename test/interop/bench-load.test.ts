import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, expect, it } from "vitest";
import { startTftp, type TftpServer } from "../../src/server/tftp.ts";
import { parseIpv4 } from "../../src/wire/ipv4.ts";
import { compileLoad, type Load, runLoad } from "../bench/load.ts";
import { describeWith } from "./needs.ts";

const folder = mkdtempSync(join(tmpdir(), "breakglass-bench-"));
const program = join(folder, "load");
// The last block is an empty one without options (512), and a short one with 1428.
const FILE = Uint8Array.from({ length: 512 * 400 }, (_, index) => (index * 7 + (index >> 9)) & 0xff);

let server: TftpServer;
afterEach(() => server.close());
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

describeWith(["gcc"], "the benchmark's devices", () => {
  beforeAll(async () => {
    writeFileSync(join(folder, "file"), FILE);
    await compileLoad(program);
  });

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
