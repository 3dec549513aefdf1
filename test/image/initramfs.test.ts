import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { zstdDecompressSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { packInitrd } from "../../src/image/initramfs.ts";
import { Tree } from "../../src/image/tree.ts";
import { decodeCpio, encodeCpio } from "../../src/wire/cpio.ts";

let cache: string;
beforeEach(() => {
  cache = mkdtempSync(join(tmpdir(), "breakglass-initrd-"));
});
afterEach(() => rmSync(cache, { recursive: true }));

const tree = () => new Tree().file("usr/bin/x", Buffer.alloc(100_000, "words "), 0o755).link("bin", "usr/bin");

describe("an initrd's tree", () => {
  test("has every folder before what is in it, in one order however it was put together", () => {
    const one = new Tree().file("b/c/d", "1").file("a", "2");
    const other = new Tree().file("a", "2").folder("b/c").file("b/c/d", "1");
    expect(one.entries().map(({ path }) => path)).toEqual(["a", "b", "b/c", "b/c/d"]);
    expect(encodeCpio(one.entries())).toEqual(encodeCpio(other.entries()));
  });

  test("refuses two things at one path, and a file as a folder", () => {
    expect(() => new Tree().file("a", "1").file("a", "1")).toThrow("two files for /a");
    expect(() => new Tree().file("a", "1").file("a/b", "1")).toThrow("/a is no folder");
  });
});

describe("a packed initrd", () => {
  test.each([0, 19])(
    "of level %i ends on a multiple of 512, so that a session's archive can be appended",
    async (level) => {
      expect((await packInitrd(tree(), level, cache)).length % 512).toBe(0);
    },
  );

  test("is the same bytes again, without the cache and from it", async () => {
    const first = await packInitrd(tree(), 19, cache);
    const cached = await packInitrd(tree(), 19, cache);
    rmSync(cache, { recursive: true });
    const again = await packInitrd(tree(), 19, cache);
    expect(Buffer.compare(first, cached)).toBe(0);
    expect(Buffer.compare(first, again)).toBe(0);
  });

  test("holds the tree", async () => {
    const packed = await packInitrd(tree(), 3, cache);
    expect(decodeCpio(zstdDecompressSync(packed)).map(({ path }) => path)).toEqual([
      "bin",
      "usr",
      "usr/bin",
      "usr/bin/x",
    ]);
  });
});
