import { randomBytes, randomUUID } from "node:crypto";
import { closeSync, mkdtempSync, openSync, rmSync, writeFileSync } from "node:fs";
import { createServer as createPlainServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { randomRecoveryPassword } from "../../src/bitlocker/recovery-password.ts";
import { createVault, openVault } from "../../src/escrow/vault.ts";
import { openLedger } from "../../src/ledger/open-ledger.ts";
import { parseGuid } from "../../src/wire/guid.ts";
import { Secret } from "../../src/wire/secret.ts";
import { run } from "../cli/run.ts";
import { makeCertificate } from "./domain-controller.ts";
import { describeWith } from "./needs.ts";
import { type PageAnswer, ScriptedDirectory } from "./scripted-directory.ts";

function objects(count: number) {
  return Array.from({ length: count }, () => ({
    protectorId: parseGuid(randomUUID()),
    password: randomRecoveryPassword(randomBytes(16)).text.reveal(),
  }));
}

describeWith(["openssl"], "escrow sync ldap, from a directory in trouble,", () => {
  let folder: string;
  let state: string;
  let directory: ScriptedDirectory | null = null;

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), "breakglass-trouble-"));
    makeCertificate(folder, "dc", "DNS:localhost");
    state = mkdtempSync(join(folder, "state-"));
    writeFileSync(join(folder, "password"), "a password\n", { mode: 0o600 });
    const options = { clock: Date.now, passphrase: new Secret("six plain words for a test"), workFactor: 1 };
    await (await createVault(join(state, "vault.sqlite"), options)).close();
  });
  afterEach(async () => {
    await directory?.stop();
    directory = null;
    rmSync(folder, { recursive: true });
  });

  async function sync(pages: readonly PageAnswer[], binds: readonly number[] = [], ...args: string[]) {
    directory = await ScriptedDirectory.start(folder, pages, binds);
    return syncFrom(directory.url, ...args);
  }
  async function syncFrom(url: string, ...args: string[]) {
    const fd = openSync(join(folder, "password"), "r");
    const login = ["--user", "a@corp.example", "--password-fd", String(fd), "--ca", join(folder, "ca.pem")];
    try {
      return await run(
        ...["escrow", "sync", "ldap", "--json", "--state", state, "--retries", "0", "--url", url, ...login, ...args],
      );
    } finally {
      closeSync(fd);
    }
  }
  async function deposits() {
    const vault = await openVault(join(state, "vault.sqlite"), { clock: Date.now });
    const { deposits: held } = vault.status();
    await vault.close();
    return held;
  }
  async function lastEntry() {
    const ledger = await openLedger(join(state, "ledger.sqlite"), { station: "test", clock: Date.now });
    const entries = await ledger.read(0);
    await ledger.close();
    return entries.at(-1)!.body;
  }

  test("goes on after a page without entries: only an empty cookie is the end", async () => {
    const ran = await sync([
      { objects: objects(3), more: true },
      { objects: [], more: true },
      { objects: [], more: true },
      { objects: objects(2), more: false },
    ]);
    expect(JSON.parse(ran.stdout)).toMatchObject({ rows: 5, deposited: 5, complete: true });
  });

  test("keeps what came before the connection broke, says so, and does not call it complete", async () => {
    const broken = sync([{ objects: objects(250), more: true }, { objects: objects(7), more: true }, "cut"]);
    await expect(broken).rejects.toMatchObject({
      exitCode: 4,
      message: expect.stringMatching(
        /broke off\. What came before that, 257 recovery passwords, is in the vault; the rest/,
      ),
    });
    expect(await deposits()).toBe(257);
    expect(await lastEntry()).toMatchObject({ complete: false, failed: "connection-lost", deposited: 257 });
  });

  test("ends with the directory's own reason where it ends the search", async () => {
    await expect(sync([{ objects: objects(1), more: true }, { result: 11 }])).rejects.toMatchObject({
      message: expect.stringContaining("ended the search with LDAP result 11"),
      exitCode: 1,
    });
    expect(await lastEntry()).toMatchObject({ complete: false, failed: "directory-refused", deposited: 1 });
  });

  test("asks a busy one again, and one that says no only once", async () => {
    expect((await sync([{ objects: objects(1), more: false }], [51], "--retries", "1")).exitCode).toBe(0);
    expect(directory!.logins).toBe(2);
    await directory!.stop();
    await expect(sync([], [49, 49], "--retries", "5")).rejects.toMatchObject({ exitCode: 3 });
    expect(directory!.logins).toBe(1);
  });

  test("refuses a StartTLS answer with anything behind it", async () => {
    const answer = Buffer.from("300c02010178070a010004000400", "hex");
    for (const bytes of [
      Buffer.concat([answer, answer]),
      Buffer.from("300c02010178070a013404000400", "hex"),
      Buffer.from("no\n"),
    ]) {
      const server = createPlainServer((socket) => {
        socket.on("error", () => {}).once("data", () => socket.end(bytes));
      });
      await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
      const { port } = server.address() as { port: number };
      await expect(syncFrom(`ldap://localhost:${port}`, "--starttls")).rejects.toMatchObject({
        message: expect.stringMatching(/does not start TLS|closed the connection/),
      });
      await new Promise((resolve) => server.close(resolve));
    }
  });
});
