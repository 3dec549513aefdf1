import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { parseRecoveryPassword } from "../../src/bitlocker/recovery-password.ts";
import { openAge } from "../../src/escrow/age-x25519.ts";
import { openRecord, sealRecord } from "../../src/escrow/record.ts";
import { Secret } from "../../src/wire/secret.ts";
import { ID_A, PASSWORD_A, temporaryFolder } from "../escrow/fixture.ts";
import { describeWith } from "./needs.ts";

const PLAIN = `key-protector-id ${ID_A}\nrecovery-password ${PASSWORD_A}\n`;

/** A key pair of the stock program's own. */
function newKeys() {
  const file = join(temporaryFolder(), "identity.txt");
  const text = execFileSync("age-keygen", { encoding: "utf8", stdio: "pipe" });
  writeFileSync(file, text, { mode: 0o600 });
  const recipient = execFileSync("age-keygen", ["-y", file], { encoding: "utf8" }).trim();
  return { file, recipient, identity: new Secret(/^AGE-SECRET-KEY-1\S+$/m.exec(text)![0]) };
}

describeWith(["age", "age-keygen"], "the stock age program", () => {
  test("a record sealed here opens with it, byte for byte", () => {
    const { file, recipient } = newKeys();
    for (let round = 0; round < 20; round++) {
      const input = sealRecord(recipient, ID_A, parseRecoveryPassword(PASSWORD_A));
      expect(execFileSync("age", ["--decrypt", "--identity", file], { input, encoding: "utf8" })).toBe(PLAIN);
    }
  });

  test("a record that it sealed opens here, and not by way of the library", async () => {
    const { recipient, identity } = newKeys();
    const record = execFileSync("age", ["--armor", "--recipient", recipient], { input: PLAIN, encoding: "utf8" });
    expect((await openRecord(record, identity, ID_A)).reveal()).toBe(PASSWORD_A);
    const binary = execFileSync("age", ["--recipient", recipient], { input: PLAIN });
    expect(openAge(binary, identity.reveal())?.toString()).toBe(PLAIN);
  });

  test("a record for somebody else opens neither there nor here", async () => {
    const [own, other] = [newKeys(), newKeys()];
    const input = sealRecord(own.recipient, ID_A, parseRecoveryPassword(PASSWORD_A));
    expect(() => execFileSync("age", ["-d", "-i", other.file], { input, stdio: "pipe" })).toThrow(/no identity/);
    await expect(openRecord(input, other.identity, ID_A)).rejects.toThrow(/made for another vault/);
  });
});
