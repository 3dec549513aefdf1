import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { copyFileSync, lstatSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join, resolve } from "node:path";
import { zstdDecompressSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { ImageArchitecture } from "../../src/boot/image-id.ts";
import { IMAGE_ARCHITECTURES } from "../../src/image/architecture.ts";
import { buildImage } from "../../src/image/build.ts";
import { readElf } from "../../src/image/elf.ts";
import { loadManifest, type Manifest, verifyImage } from "../../src/image/manifest.ts";
import { type CpioEntry, decodeCpio, encodeCpio } from "../../src/wire/cpio.ts";
import { describeWith } from "./needs.ts";

const CACHE = resolve("build", "cache");
const log = () => {};
let work: string;
beforeAll(() => {
  work = mkdtempSync(join(tmpdir(), "breakglass-image-"));
});
afterAll(() => rmSync(work, { recursive: true }));

describeWith(["cpio"], "GNU cpio", () => {
  test("lists what we wrote, with the same modes and links", () => {
    const entries: CpioEntry[] = [
      { kind: "directory", path: "etc", mode: 0o755 },
      { kind: "file", path: "etc/session", mode: 0o600, bytes: Buffer.from("TOKEN=x\n") },
      { kind: "symlink", path: "bin", to: "usr/bin" },
      { kind: "character-device", path: "console", mode: 0o600, major: 5, minor: 1 },
    ];
    const listed = spawnSync("cpio", ["-itv", "--quiet"], { input: encodeCpio(entries), encoding: "utf8" });
    const lines = listed.stdout.trimEnd().split("\n");
    const fields = lines.map((line) => [line.slice(0, 10), line.replace(/^.*\d\d(:\d\d)? +(19\d\d )?/, "")]);
    expect(listed.stderr).toBe("");
    expect(fields.map(([mode]) => mode)).toEqual(["drwxr-xr-x", "-rw-------", "lrwxrwxrwx", "crw-------"]);
    expect(fields.map(([, name]) => name!.trim())).toEqual(["etc", "etc/session", "bin -> usr/bin", "console"]);
  });

  test("gives back the bytes of a file that we wrote", () => {
    const bytes = Buffer.from(Array.from({ length: 1021 }, (_, index) => index % 256));
    const archive = encodeCpio([{ kind: "file", path: "a", mode: 0o644, bytes }]);
    const read = spawnSync("cpio", ["-i", "--quiet", "--to-stdout", "a"], { input: archive });
    expect(Buffer.compare(read.stdout, bytes)).toBe(0);
  });
});

/** A cache with the same packages and nothing that was made of them. */
function freshCache(): string {
  const cache = mkdtempSync(join(work, "cache-"));
  for (const name of readdirSync(CACHE).filter((each) => each.startsWith("resolved-")))
    copyFileSync(join(CACHE, name), join(cache, name));
  symlinkSync(join(CACHE, "packages"), join(cache, "packages"));
  return cache;
}

/** Served names by role, and what firmware, PE and ELF call the processor (UEFI, PE/COFF and ELF specifications). */
const EXPECTED = {
  x64: {
    files: [
      "shim shimx64.efi",
      "grub grubx64.efi",
      "kernel vmlinuz",
      "initrd initrd",
      "ipxe-uefi snponly.efi",
      "ipxe-bios undionly.kpxe",
    ],
    pe: 0x8664,
    elf: 62,
  },
  arm64: {
    files: ["shim shimaa64.efi", "grub grubaa64.efi", "kernel vmlinuz", "initrd initrd"],
    pe: 0xaa64,
    elf: 183,
  },
};

describeWith(["apt-get", "dpkg-deb", "xz"], "the recovery image", () => {
  describe.each(IMAGE_ARCHITECTURES)("for %s", imageTests);
});

/** None of them runs a program of the image: this machine need not be of its kind. */
function imageTests(architecture: ImageArchitecture): void {
  const { files: servedFiles, pe, elf: machine } = EXPECTED[architecture];
  const [one, two] = [`first-${architecture}`, `second-${architecture}`];
  let first: Manifest;
  let entries: CpioEntry[];
  beforeAll(async () => {
    const out = join(work, one);
    first = await buildImage({ architecture, out, cache: CACHE, driverSet: "minimal", log });
    entries = decodeCpio(zstdDecompressSync(readFileSync(join(out, "initrd"))));
  });

  test("is the same bytes when it is built twice from the same packages", async () => {
    const out = join(work, two);
    const second = await buildImage({ architecture, out, cache: freshCache(), driverSet: "minimal", log });
    expect(second).toEqual(first);
    expect(loadManifest(out)).toEqual(loadManifest(join(work, one)));
  });

  test("is as its manifest says, and has every file that a device's firmware asks for", async () => {
    expect(await verifyImage(join(work, one))).toEqual([]);
    expect(first.architecture).toBe(architecture);
    expect(first.files.map(({ role, path }) => `${role} ${path}`)).toEqual(servedFiles);
  });

  test("is of one architecture: what firmware starts, programs, libraries and modules", () => {
    const efi = first.files.filter(({ role }) => role !== "initrd" && role !== "ipxe-bios");
    const started = efi.map(({ path }) => [path, peMachine(readFileSync(join(work, one, path)))]);
    expect(started).toEqual(efi.map(({ path }) => [path, pe]));
    const elf = entries.filter((entry) => entry.kind === "file").filter(({ bytes }) => isElf(bytes));
    expect(elf.filter(({ bytes }) => Buffer.from(bytes).readUInt16LE(18) !== machine)).toEqual([]);
    const ours = new Set([first.architecture === "x64" ? "amd64" : "arm64", "all"]);
    expect(first.packages.filter((each) => !ours.has(each.architecture))).toEqual([]);
  });

  test("serves loaders and kernel as Debian's packages have them, and none of them twice in the initrd", () => {
    const digest = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");
    const packaged = new Set(
      first.packages
        .filter(({ name }) => /^(shim-signed|grub-efi-.*-signed|ipxe|linux-image-.*)$/.test(name))
        .map(({ sha256 }) => join(CACHE, "packages", sha256))
        .flatMap((folder) =>
          readdirSync(folder, { recursive: true, encoding: "utf8" }).map((path) => join(folder, path)),
        )
        .filter((path) => /(\.efi|\.signed|\.kpxe|\/vmlinuz-[^/]*)$/.test(path) && lstatSync(path).isFile())
        .map((path) => digest(readFileSync(path))),
    );
    const unmodified = first.files.filter(({ role }) => role !== "initrd");
    expect(unmodified.filter(({ sha256 }) => !packaged.has(sha256))).toEqual([]);
    const names = new Set(unmodified.map(({ path }) => path));
    expect(entries.filter(({ path }) => names.has(basename(path)))).toEqual([]);
  });

  test("has every library that one of its programs or libraries is linked with", () => {
    const files = entries.filter((entry) => entry.kind === "file");
    const present = new Set(files.filter(({ path }) => path.startsWith("usr/lib/")).map(({ path }) => basename(path)));
    const elf = files.filter(({ path, bytes }) => /^usr\/(bin|lib)\//.test(path) && isElf(bytes));
    const needed = elf.flatMap(({ bytes }) => readElf(bytes).needed);
    expect(needed.length).toBeGreaterThan(20);
    expect(needed.filter((name) => !present.has(name))).toEqual([]);
  });

  test("has no module without its signature and no link that leads nowhere", () => {
    const modules = entries.filter((entry) => entry.kind === "file").filter(({ path }) => path.endsWith(".ko"));
    const unsigned = modules.filter(
      ({ bytes }) => !Buffer.from(bytes).subarray(-40).includes("~Module signature appended~"),
    );
    expect(modules.length).toBeGreaterThan(20);
    expect(unsigned).toEqual([]);
    const paths = new Set(entries.map(({ path }) => path));
    const links = entries.filter((entry) => entry.kind === "symlink");
    const target = ({ path, to }: { path: string; to: string }) => join(dirname(path), to);
    const leadNowhere = links.filter((link) => !link.to.startsWith("../proc") && !paths.has(target(link)));
    expect(leadNowhere).toEqual([]);
  });

  test("carries the agent as it is in pxe/agent, and /init can be started", () => {
    const init = entries.find(({ path }) => path === "init");
    expect(init).toMatchObject({ kind: "file", mode: 0o755 });
    const names = readdirSync("pxe/agent").filter((name) => name.endsWith(".sh"));
    for (const name of names) {
      const entry = entries.find(({ path }) => path === `usr/lib/breakglass/${name}`);
      expect(entry?.kind === "file" && Buffer.from(entry.bytes).equals(readFileSync(join("pxe/agent", name)))).toBe(
        true,
      );
    }
  });
}

/** The processor that a PE/COFF program is for. */
function peMachine(bytes: Buffer): number {
  return bytes.readUInt16LE(bytes.readUInt32LE(0x3c) + 4);
}

function isElf(bytes: Uint8Array): boolean {
  return Buffer.from(bytes.subarray(0, 4)).toString("latin1") === "\x7fELF";
}
