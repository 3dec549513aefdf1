import { spawn, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { buildImage } from "../../src/image/build.ts";
import { VERSION } from "../../src/wire/version.ts";
import { ID_A, PASSPHRASE, PASSWORD_A, showsDigits } from "../escrow/fixture.ts";
import { describeWith } from "./needs.ts";
import { makeRelease, root } from "./release.ts";

const folder = mkdtempSync(join(tmpdir(), "breakglass-package-"));
const release = join(folder, "release");
const breakglass = join(release, "breakglass");
/** Has no programs at all, so no Node either. */
const emptyPath = join(folder, "bin");
afterAll(() => rmSync(folder, { recursive: true }));

/** Runs the executable with nothing in its environment but a PATH to nowhere. `fd3` is text for descriptor 3. */
async function run(
  args: readonly string[],
  options: { env?: Record<string, string>; cwd?: string; fd3?: string } = {},
) {
  const { env = {}, cwd = folder, fd3 = "" } = options;
  const child = spawn(breakglass, args, {
    cwd,
    env: { PATH: emptyPath, ...env },
    stdio: ["ignore", "pipe", "pipe", "pipe"],
  });
  let output = "";
  for (const stream of [child.stdout!, child.stderr!])
    stream.setEncoding("utf8").on("data", (text) => (output += text));
  const door = child.stdio[3] as NodeJS.WritableStream;
  door.on("error", () => {}).end(fd3);
  const code = await new Promise<number | null>((done) => child.on("close", done));
  return { code, output };
}

describeWith(["patchelf", "ldd", "sha256sum"], "the release for Linux", () => {
  beforeAll(() => {
    mkdirSync(emptyPath);
    makeRelease(release);
  });

  it("is the same bytes when it is built again, from another current folder", () => {
    const again = join(folder, "deeper", "again");
    makeRelease(again, folder);
    const sums = readFileSync(join(release, "SHA256SUMS"), "utf8");
    expect(readFileSync(join(again, "SHA256SUMS"), "utf8")).toBe(sums);
    const checked = spawnSync("sha256sum", ["--check", "--strict", "SHA256SUMS"], { cwd: again, encoding: "utf8" });
    expect(checked.stdout.trim().split("\n")).toEqual(
      ["LICENSE", "breakglass", "lib/libatomic.so.1", "third-party-licenses.txt"].map((name) => `${name}: OK`),
    );
  });

  it("brings the library that few machines have", () => {
    const { stdout } = spawnSync("ldd", [breakglass], { encoding: "utf8" });
    expect(stdout).toContain(`libatomic.so.1 => ${join(release, "lib", "libatomic.so.1")} `);
  });

  it("runs where there is no Node", async () => {
    expect(spawnSync("node", { env: { PATH: emptyPath } }).error).toMatchObject({ code: "ENOENT" });
    expect(await run(["--version"])).toEqual({ code: 0, output: `${VERSION}\n` });
    expect((await run(["remedy", "list"])).output).toContain("channel-file-291");
  });

  it("makes, fills and searches a vault", async () => {
    const state = join(folder, "state");
    const escrow = (...args: string[]) => run(["escrow", ...args, "--state", state]);
    const csv = join(folder, "export.csv");
    writeFileSync(csv, `Hostname,KeyID,RecoveryKey,Directory\nDESKTOP-1,${ID_A},${PASSWORD_A},Entra\n`);
    const passphrase = `${PASSPHRASE.reveal()}\n`;
    const made = await run(["escrow", "init", "--state", state, "--passphrase-fd", "3"], { fd3: passphrase });
    const filled = await escrow("import", csv);
    const found = await escrow("find", ID_A.slice(0, 8), "--json");
    expect([made.code, filled.code, found.code], made.output + filled.output + found.output).toEqual([0, 0, 0]);
    expect(found.output).toContain(ID_A);
    expect(showsDigits(made.output + filled.output + found.output)).toBe(false);
  });

  it("builds the recovery image that the checkout builds, from files of its own", async () => {
    const cache = join(root, "build", "cache");
    const fromSource = await buildImage({ out: join(folder, "image"), cache, driverSet: "minimal", log: () => {} });
    const elsewhere = join(folder, "elsewhere");
    mkdirSync(join(elsewhere, "build"), { recursive: true });
    symlinkSync(cache, join(elsewhere, "build", "cache"));
    const built = await run(["image", "build", "--drivers", "minimal"], { cwd: elsewhere });
    expect(built.code, built.output).toBe(0);
    // Beside the program, where it is found from any folder.
    const manifest = readFileSync(join(release, "build", "image", "manifest.json"), "utf8");
    expect(JSON.parse(manifest)).toEqual(fromSource);
  });

  it("takes no code from NODE_OPTIONS", async () => {
    const script = join(folder, "injected.cjs");
    writeFileSync(script, 'process.stdout.write("injected\\n");');
    const env = { NODE_OPTIONS: `--require=${script}` };
    const node = spawnSync(process.execPath, ["--eval", ""], { env, encoding: "utf8" });
    expect(node.stdout).toBe("injected\n");
    expect((await run(["--version"], { env })).output).toBe(`${VERSION}\n`);
  });

  it("opens no debugger on a signal: SIGUSR1 is blocked, not caught", async () => {
    const args = ["escrow", "init", "--state", join(folder, "never"), "--passphrase-fd", "3"];
    const child = spawn(breakglass, args, { stdio: ["ignore", "ignore", "ignore", "pipe"] });
    const signals = (name: string) => {
      const status = readFileSync(`/proc/${child.pid}/status`, "utf8");
      return Number.parseInt(new RegExp(`^${name}:\\s*([0-9a-f]+)$`, "m").exec(status)![1]!.slice(-8), 16);
    };
    const SIGUSR1 = 1 << 9;
    try {
      await expect.poll(() => (signals("SigBlk") | signals("SigCgt")) & SIGUSR1, { timeout: 20_000 }).not.toBe(0);
      expect(signals("SigCgt") & SIGUSR1).toBe(0);
    } finally {
      child.kill("SIGKILL");
    }
  });
});
