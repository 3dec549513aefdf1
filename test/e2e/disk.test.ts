import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { randomRecoveryPassword } from "../../src/bitlocker/recovery-password.ts";
import { buildDisk } from "../../src/drill/disk/build.ts";
import { windowsTree } from "../../src/drill/disk/windows-tree.ts";
import { buildImage, type Drilled, deviations, drill } from "./run-drill.ts";

const sha256 = (file: string) => createHash("sha256").update(readFileSync(file)).digest("hex");
/** Not secret: the same bytes each time, for a disk that nobody owns. */
const random = (length: number) => createHash("shake256", { outputLength: length }).update("a disk").digest();

describe("a rehearsal on a copy of any raw disk image", () => {
  const folder = mkdtempSync(join(tmpdir(), "breakglass-disk-test-"));
  const [image, keys, out] = ["disk.img", "keys.csv", "rescued.img"].map((name) => join(folder, name)) as [
    string,
    string,
    string,
  ];
  let before: string;
  let drilled: Drilled;

  beforeAll(async () => {
    buildImage();
    const password = randomRecoveryPassword(random(16));
    const disk = await buildDisk({
      file: image,
      espFiles: new Map(),
      windows: windowsTree({ badFiles: 2 }),
      protection: { kind: "bitlocker", recoveryPasswords: [password] },
      random: (length) => random(length),
      now: 1_700_000_000,
    });
    const { protectorId } = disk.protectors.find((each) => each.password !== null)!;
    writeFileSync(keys, `KeyID,RecoveryKey\n${protectorId},${password.text.reveal()}\n`);
    before = sha256(image);
    drilled = await drill("--disk", image, "--keys", keys, "--out", out);
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  test("says what would be removed, and everything held", () => {
    expect(deviations(drilled)).toEqual([]);
    const [device] = drilled.report.scenarios[0]!.devices;
    expect(device!.changes.filter(({ change }) => change === "moved")).toHaveLength(2);
  });

  test("never writes to the image", () => {
    expect(sha256(image)).toBe(before);
  });

  test("writes the rescued disk where it was told, and nowhere that is taken", () => {
    expect(sha256(out)).not.toBe(before);
    const again = () =>
      execFileSync("./breakglass", ["drill", "run", "--disk", image, "--out", out], { stdio: "pipe" });
    expect(again).toThrow(/is there already and was left as it is/);
  });
});
