import { describe, expect, test } from "vitest";
import { parseUris } from "../../src/image/debian.ts";

const digest = "a".repeat(64);

describe("what apt-get says it would download", () => {
  test("is packages with their versions, also with an epoch, and the digest of the signed index", () => {
    const said = [
      `'http://m.test/pool/z/zlib_1.deb' zlib1g_1%3a1.3.1-1+deb13u1_amd64.deb 88700 SHA256:${digest}`,
      `'http://m.test/pool/a/attr.deb' attr_2.5~1-3_amd64.deb 100 SHA256:${digest}`,
      "",
    ].join("\n");
    expect(parseUris(said)).toEqual([
      { name: "attr", version: "2.5~1-3", architecture: "amd64", sha256: digest },
      { name: "zlib1g", version: "1:1.3.1-1+deb13u1", architecture: "amd64", sha256: digest },
    ]);
  });

  test.each([
    `'http://m.test/a.deb' attr_1_amd64.deb 100 MD5Sum:${"a".repeat(32)}`,
    "'http://m.test/a.deb' attr_1_amd64.deb 100 ",
    `'http://m.test/a.deb' ../attr_1_amd64 100 SHA256:${digest}`,
  ])("without a SHA-256 digest is not used (%#)", (said) => {
    expect(() => parseUris(said)).toThrow("--print-uris said");
  });
});
