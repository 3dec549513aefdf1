import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { MANIFEST, manifestText } from "../../src/image/manifest.ts";
import { breakglass } from "../cli/program.ts";
import { temporaryFolder } from "../cli/run.ts";
import { describeWith } from "./needs.ts";

/** In a network of its own, where every port is free; stopped as by Ctrl-C. */
const SERVE = `
  ip link set lo up
  ip link add station type veth peer name device
  ip address add 10.78.0.1/24 dev station
  ip link set station up
  ip link set device up
  "$@" serve --interface station --image "$IMAGE" --state "$STATE" --sealed > "$OUT" &
  for i in $(seq 300); do grep -q "^Ready on" "$OUT" && break; sleep 0.1; done
  kill -INT $!
  wait $!`;

/** What x64 devices of any firmware load. */
const FILES = [
  ["shim", "shimx64.efi"],
  ["grub", "grubx64.efi"],
  ["kernel", "vmlinuz"],
  ["initrd", "initrd"],
  ["ipxe-bios", "undionly.kpxe"],
] as const;

function makeImage(folder: string): void {
  const files = FILES.map(([role, path]) => {
    writeFileSync(join(folder, path), role);
    return { path, role, size: role.length, sha256: createHash("sha256").update(role).digest("hex") };
  });
  const what = { version: 3, architecture: "x64", driverSet: "minimal", kernelRelease: "none" } as const;
  writeFileSync(join(folder, MANIFEST), manifestText({ ...what, files, packages: [] }));
}

describeWith(["unshare", "ip"], "a station that is stopped", () => {
  test("leaves a checkpoint of all it did, says so in one line, and the ledger holds against it", async () => {
    const files = temporaryFolder();
    const [state, image, out] = ["state", "image", "out"].map((name) => join(files, name)) as [string, string, string];
    mkdirSync(image);
    makeImage(image);
    const made = await breakglass(
      ["escrow", "init", "--state", state, "--passphrase-fd", "3"],
      "six plain words for a test\n",
    );
    expect(made.exitCode).toBe(0);
    const main = join(import.meta.dirname, "../../src/cli/main.ts");
    const user = process.getuid?.() === 0 ? [] : ["--map-root-user"];
    const served = spawnSync("unshare", [...user, "--net", "sh", "-c", SERVE, "sh", process.execPath, main], {
      ...{ encoding: "utf8", timeout: 120_000 },
      env: { ...process.env, IMAGE: image, STATE: state, OUT: out },
    });
    expect(served).toMatchObject({ status: 0, stderr: "" });
    const stdout = readFileSync(out, "utf8");
    const head = /Ledger checkpoint, signed: (\d+):([0-9a-f]{64})/.exec(stdout);
    expect(stdout).toMatch(/Ledger checkpoint, signed/);
    expect(readdirSync(join(state, "checkpoints"))).toEqual([`checkpoint-${head![1]}-${head![2]!.slice(0, 8)}.json`]);
    const verified = await breakglass(["ledger", "verify", "--state", state, "--expect", `${head![1]}:${head![2]}`]);
    expect(verified).toMatchObject({ exitCode: 0, stdout: expect.stringContaining("So does its checkpoint") });
  });
});
