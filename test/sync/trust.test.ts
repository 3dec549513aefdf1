import { describe, expect, test } from "vitest";
import { caFromFile, distrust, formatFingerprint, parseFingerprint } from "../../src/sync/certificate-trust.ts";
import { formatHostPin, hostKeyOf, judgeHostKey, parseHostKey, parseHostPins } from "../../src/sync/host-pin.ts";
import { SyncFailure } from "../../src/sync/sync-failure.ts";

describe("a domain controller's certificate", () => {
  const sha256 = "AB".repeat(32);
  const seen = { sha256, subject: "dc1", against: "DEPTH_ZERO_SELF_SIGNED_CERT" };

  test("is trusted by its fingerprint alone, whoever signed it, or by the CA alone", () => {
    expect(distrust({ kind: "fingerprint", sha256: ["00".repeat(32), sha256] }, seen)).toBeNull();
    expect(distrust({ kind: "fingerprint", sha256: [] }, { ...seen, against: null })).toMatch(/not the one/);
    expect(distrust({ kind: "ca", pem: "" }, { ...seen, against: null })).toBeNull();
    expect(distrust({ kind: "ca", pem: "" }, seen)).toMatch(/has signed it/);
  });

  test("is not trusted where nothing says by what to know it, however good it is", () => {
    expect(distrust({ kind: "none" }, { ...seen, against: null })).not.toBeNull();
  });

  test("has a fingerprint that is read as certificate viewers write it, and as openssl does", () => {
    for (const text of [
      formatFingerprint(sha256),
      sha256.toLowerCase(),
      `SHA256:${sha256}`,
      `sha256 Fingerprint=${formatFingerprint(sha256)}`,
    ])
      expect(parseFingerprint(text)).toBe(sha256);
    expect(() => parseFingerprint("AB".repeat(20))).toThrow(/SHA-1/);
    expect(() => parseFingerprint("")).toThrow(/64 hex digits/);
  });

  test("has a CA file that is a certificate, or is refused by name", () => {
    expect(() => caFromFile(Buffer.from("not one"), "ca.cer")).toThrow(/ca\.cer holds no certificate/);
  });
});

describe("an SSH host key", () => {
  // The blob of a key, and what `ssh-keygen -lf` says of it.
  const blob = Buffer.from("AAAAC3NzaC1lZDI1NTE5AAAAIJ2ZsaZ6nIgRcVz8oXhPqmQvCDyfFWoHnu4Q5Vj2cNqg", "base64");
  const seen = hostKeyOf(blob);
  const other = parseHostKey(`SHA256:${"A".repeat(43)}`);
  const judge = (given: (typeof other)[], stored: typeof other | null, trustFirst: boolean) => {
    const verdict = judgeHostKey("sftp.example:22", seen, { given, stored, trustFirst });
    return verdict instanceof SyncFailure ? verdict.reason : verdict;
  };

  test("is named by type and SHA-256, as OpenSSH does", () => {
    expect(seen.type).toBe("ssh-ed25519");
    expect(seen.key).toMatch(/^SHA256:[A-Za-z0-9+/]{43}$/);
    expect(parseHostKey(seen.key)).toBe(seen.key);
    expect(() => parseHostKey("SHA256:short")).toThrow(/43 characters/);
  });

  test("is known if it is the one given, or the one stored; what was given goes first", () => {
    expect(judge([seen.key], null, false)).toBe("known");
    expect(judge([other, seen.key], other, false)).toBe("known");
    expect(judge([], seen.key, false)).toBe("known");
  });

  test("that is another one is refused, even where an unknown one would be taken", () => {
    expect(judge([other], null, true)).toBe("host-key-changed");
    expect(judge([], other, true)).toBe("host-key-changed");
    expect(judge([other], seen.key, true)).toBe("host-key-changed");
  });

  test("that nobody knows is taken only if that was asked for", () => {
    expect(judge([], null, false)).toBe("host-key-unknown");
    expect(judge([], null, true)).toBe("first");
  });

  test("is stored as a line that is read back, among lines that are not one", () => {
    const text = `# a remark\n${formatHostPin("a:22", seen.key)}rubbish\n${formatHostPin("b:22", other)}`;
    expect([...parseHostPins(text)]).toEqual([
      ["a:22", seen.key],
      ["b:22", other],
    ]);
  });
});
