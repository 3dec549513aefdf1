import { createHash } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { loadManifest, type Manifest, manifestText, verifyImage } from "../../src/image/manifest.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "breakglass-manifest-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

const bytes = Buffer.from("kernel");
const manifest: Manifest = {
  version: 3,
  architecture: "x64",
  driverSet: "minimal",
  kernelRelease: "6.12.1+deb13-amd64",
  files: [
    { path: "vmlinuz", role: "kernel", size: 6, sha256: createHash("sha256").update(bytes).digest("hex") },
    { path: "initrd", role: "initrd", size: 6, sha256: createHash("sha256").update(bytes).digest("hex") },
  ],
  packages: [{ name: "curl", version: "8.1", architecture: "amd64", sha256: "0".repeat(64) }],
};

function write(document: unknown = manifest): void {
  writeFileSync(join(folder, "manifest.json"), typeof document === "string" ? document : JSON.stringify(document));
  for (const { path } of manifest.files) writeFileSync(join(folder, path), bytes);
}

describe("an image's manifest", () => {
  test("reads back as it was written", () => {
    write(manifestText(manifest));
    expect(loadManifest(folder)).toEqual(manifest);
  });

  test("finds nothing in an image that is as it was built", async () => {
    write();
    expect(await verifyImage(folder)).toEqual([]);
  });

  test("names every file that differs by a byte, has another length or is not there", async () => {
    write();
    writeFileSync(join(folder, "vmlinuz"), "kerneL");
    writeFileSync(join(folder, "initrd"), "kernel2");
    expect(await verifyImage(folder)).toEqual([
      { path: "vmlinuz", problem: "sha256" },
      { path: "initrd", problem: "size" },
    ]);
    rmSync(join(folder, "initrd"));
    expect((await verifyImage(folder))[1]).toEqual({ path: "initrd", problem: "missing" });
  });

  test("that is absent says how to build an image", () => {
    expect(() => loadManifest(folder)).toThrow(
      expect.objectContaining({ next: expect.stringContaining("image build") }),
    );
  });

  test("of an image that an older breakglass built says to build it again", () => {
    const { architecture: _, ...older } = { ...manifest, version: 1 };
    write(older);
    expect(() => loadManifest(folder)).toThrow(
      expect.objectContaining({
        message: expect.stringContaining("an image of version 1, and this breakglass serves version 3"),
        next: expect.stringContaining("Build the image again"),
      }),
    );
  });

  test.each([
    { ...manifest, version: "3" },
    { ...manifest, architecture: "amd64" },
    { ...manifest, files: [{ ...manifest.files[0], path: "../vmlinuz" }] },
    { ...manifest, files: [{ ...manifest.files[0], path: "/etc/shadow" }] },
    { ...manifest, files: [{ ...manifest.files[0], role: "other" }] },
    { ...manifest, more: 1 },
    "not JSON",
  ])("of another shape is refused (%#)", (document) => {
    write(document);
    expect(() => loadManifest(folder)).toThrow("not a manifest");
  });
});
