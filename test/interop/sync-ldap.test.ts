import { execFileSync } from "node:child_process";
import { randomBytes, randomUUID } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { parseRecoveryPassword, randomRecoveryPassword } from "../../src/bitlocker/recovery-password.ts";
import { OVERLAP } from "../../src/escrow/freshness.ts";
import { createVault, openVault, type Vault } from "../../src/escrow/vault.ts";
import { openLedger } from "../../src/ledger/open-ledger.ts";
import { parseGuid } from "../../src/wire/guid.ts";
import { Secret } from "../../src/wire/secret.ts";
import { breakglass, type Ran, REFUSAL } from "../cli/program.ts";
import { event } from "../ledger/event.ts";
import { ADMIN, BASE, DomainController, type Escrowed, makeCertificate, NEEDS } from "./domain-controller.ts";
import { describeWith } from "./needs.ts";

/** More than a page of 500. */
const COMPUTERS = 510;
const READER = { user: "reader@corp.example", password: "Reader-Passw0rd" };
const SEER = { user: "seer@corp.example", password: "Seer-Passw0rd-1" };
const DELEGATE = { user: "CORP\\delegate", password: "Delegate-Passw0rd" };
// schemaIDGUIDs of msFVE-RecoveryInformation and msFVE-RecoveryPassword.
const CLASS = "ea715d30-8f53-40d0-bd1e-6109186d782c";
const PASSWORD = "43061ac1-c8ad-4ccc-b785-2bfac20fc60a";

function escrowed(computer: string): Escrowed {
  const password = randomRecoveryPassword(randomBytes(16)).text.reveal();
  return { computer, protectorId: parseGuid(randomUUID()), password };
}

describeWith(NEEDS, "escrow sync ldap, from a real domain controller,", () => {
  const dc = new DomainController();
  const records = Array.from({ length: COMPUTERS }, (_, index) => escrowed(`PC-${String(index + 1).padStart(4, "0")}`));
  const named = escrowed("LAB, left");
  const bad = {
    ...escrowed("PC-BAD"),
    password: records[0]!.password.replace(/\d-/, (end) => `${(Number(end[0]) + 1) % 10}-`),
  };
  let state: string;

  beforeAll(async () => {
    dc.provision();
    dc.countWrongPasswords();
    dc.add(`dn: OU=Desktops,${BASE}\nobjectClass: organizationalUnit\n\n`);
    dc.addRecords([...records, named, bad]);
    dc.add(`dn: OU=Few,${BASE}\nobjectClass: organizationalUnit\n\n`);
    dc.addRecords([escrowed("PC-FEW")], "Few");
    dc.addUser("reader", READER.password);
    const seer = dc.addUser("seer", SEER.password);
    const delegate = dc.addUser("delegate", DELEGATE.password);
    const sees = [seer, delegate].map((sid) => `(OA;CIIO;RPLCLORC;;${CLASS};${sid})`);
    dc.allow(`OU=Desktops,${BASE}`, `${sees.join("")}(OA;CIIO;CR;${PASSWORD};${CLASS};${delegate})`);
    await dc.start();
  });
  afterAll(() => dc.stop());

  beforeEach(async () => {
    state = mkdtempSync(join(tmpdir(), "breakglass-sync-"));
    const options = { clock: Date.now, passphrase: new Secret("six plain words for a test"), workFactor: 1 };
    await (await createVault(join(state, "vault.sqlite"), options)).close();
    return () => rmSync(state, { recursive: true });
  });

  async function sync(account: { user: string; password: string }, ...args: string[]): Promise<Ran> {
    const login = ["--user", account.user, "--password-fd", "3"];
    const ran = await breakglass(
      ["escrow", "sync", "ldap", "--state", state, "--retries", "0", ...login, ...args],
      `${account.password}\n`,
      dc.through,
    );
    const shown = ran.stdout + ran.stderr;
    for (const secret of [account.password, bad.password, ...records.slice(0, 50).map(({ password }) => password)])
      expect(shown).not.toContain(secret);
    return ran;
  }
  const few = ["--base", `OU=Few,${BASE}`, "--json"];
  const trusted = (...args: string[]) => ["--url", "ldaps://localhost", "--ca", dc.ca, ...args];

  async function withVault<T>(act: (vault: Vault) => T | Promise<T>): Promise<T> {
    const vault = await openVault(join(state, "vault.sqlite"), { clock: Date.now });
    try {
      return await act(vault);
    } finally {
      await vault.close();
    }
  }
  async function lastEntry() {
    const ledger = await openLedger(join(state, "ledger.sqlite"), { station: "test", clock: Date.now });
    const entries = await ledger.read(0);
    await ledger.close();
    return entries.at(-1)!.body;
  }

  test("brings in every recovery object, over several pages, with the vault sealed; a bad one is rejected by name", async () => {
    const ran = await sync(ADMIN, ...trusted("--json"));
    expect(ran.stderr).toBe("");
    const report = JSON.parse(ran.stdout);
    expect(report).toMatchObject({ rows: COMPUTERS + 3, deposited: COMPUTERS + 2, complete: true, since: null });
    expect(report.firstRejected).toMatchObject([{ reason: "bad-password", protectorId: bad.protectorId }]);
    expect(ran.exitCode).toBe(1);
    await withVault(async (vault) => {
      expect(vault.find({ deviceName: "LAB, left" })).toMatchObject([
        { protectorId: named.protectorId, directory: "ActiveDirectory", source: "ldap:localhost" },
      ]);
      expect(Math.abs(vault.find({ deviceName: "PC-0001" })[0]!.createdAt! - Date.now())).toBeLessThan(600_000);
      // The very same password, for the very same protector.
      const origin = {
        deviceName: null,
        directory: null,
        deviceId: null,
        volumeType: null,
        createdAt: null,
        source: "x",
      };
      for (const { protectorId, password } of [records[0]!, records.at(-1)!, named])
        expect(
          await vault.deposit({ protectorId, password: parseRecoveryPassword(password), ...origin }),
        ).toMatchObject({
          is: "present",
          others: 0,
        });
    });
    expect(await lastEntry()).toMatchObject({
      type: "vault.synced",
      kind: "ldap",
      base: BASE,
      complete: true,
      rejected: 1,
    });
  });

  test("reads only what changed since the last complete one, and everything with --full", async () => {
    const vaultId = await withVault((vault) => vault.vaultId);
    // Whole seconds, as Active Directory counts.
    const since = Math.ceil(Date.now() / 1000 + 1) * 1000;
    const ledger = await openLedger(join(state, "ledger.sqlite"), {
      station: "t",
      clock: Date.now,
      create: true,
    });
    const earlier = { source: "ldap:localhost", kind: "ldap", base: BASE, complete: true, since: null } as const;
    const body = event("vault.synced", { vaultId, ...earlier, rejected: 0, until: since + OVERLAP });
    await ledger.append({ body, actor: "station", commandId: "earlier" });
    await ledger.close();
    await sleep(since - Date.now() + 100);
    const added = escrowed(`NEW-${randomBytes(4).toString("hex")}`);
    dc.addRecords([added]);
    const ran = await sync(ADMIN, ...trusted("--json"));
    expect(JSON.parse(ran.stdout)).toMatchObject({ rows: 1, deposited: 1, complete: true, since });
    expect(ran.exitCode).toBe(0);
    await withVault((vault) => expect(vault.find({ protectorId: added.protectorId })).toHaveLength(1));
    expect(JSON.parse((await sync(ADMIN, ...trusted("--json", "--full"))).stdout)).toMatchObject({
      rows: COMPUTERS + 4,
      present: 1,
      since: null,
    });
  });

  test("says plainly that an account may not see recovery objects, or not their passwords", async () => {
    const blind = await sync(READER, ...trusted());
    expect(blind.stderr).toMatch(REFUSAL);
    expect(blind.stderr).toMatch(/sees no recovery object .* though it sees computers there/);
    expect(blind.exitCode).toBe(1);
    expect(await lastEntry()).toMatchObject({ complete: false, failed: "no-permission" });
    const seer = await sync(SEER, ...trusted("--json"));
    expect(seer.stderr).toMatch(/0 are readable although objects exist/);
    expect(
      JSON.parse(seer.stdout).firstRejected.every((each: { reason: string }) => each.reason === "no-password"),
    ).toBe(true);
    expect(seer.exitCode).toBe(1);
  });

  test("reads all with an account that has the rights of docs/sync.md and no others", async () => {
    const ran = await sync(DELEGATE, ...trusted("--json", "--base", `OU=Desktops,${BASE}`));
    expect(JSON.parse(ran.stdout)).toMatchObject({ complete: true, firstRejected: [{ reason: "bad-password" }] });
    expect(JSON.parse(ran.stdout).deposited).toBeGreaterThan(COMPUTERS);
  });

  test("sends no password to a server whose certificate is not known, and shows the fingerprint it saw", async () => {
    const foreign = join(state, "foreign");
    mkdirSync(foreign);
    makeCertificate(foreign, "dc", "DNS:localhost");
    const seen = /=(\S+)/.exec(
      execFileSync("openssl", ["x509", "-in", dc.certificate, "-noout", "-fingerprint", "-sha256"], {
        encoding: "utf8",
      }),
    )![1]!;
    for (const args of [
      ["--url", "ldaps://localhost"],
      ["--url", "ldaps://localhost", "--ca", join(foreign, "ca.pem")],
      ["--url", "ldaps://127.0.0.1", "--ca", dc.ca],
      ["--url", "ldaps://localhost", "--fingerprint", seen.replace(/^../, (byte) => (byte === "00" ? "01" : "00"))],
      ["--url", "ldap://localhost", "--starttls", "--ca", join(foreign, "ca.pem")],
    ]) {
      const ran = await sync(ADMIN, ...args);
      expect(ran.stderr, args.join(" ")).toMatch(REFUSAL);
      expect(ran.stderr).toContain(`Its SHA-256 is ${seen}. No password was sent. The vault is as it was.`);
      expect(ran.exitCode).toBe(3);
    }
    expect(await lastEntry()).toMatchObject({ complete: false, failed: "certificate-not-trusted" });
    const pinned = await sync(ADMIN, "--url", "ldaps://localhost", "--fingerprint", seen.toLowerCase(), ...few);
    expect(JSON.parse(pinned.stdout)).toMatchObject({ complete: true });
  });

  test("starts TLS on port 389 if told to, and never says anything there without", async () => {
    const ran = await sync(ADMIN, "--url", "ldap://localhost", "--starttls", "--ca", dc.ca, ...few);
    expect(JSON.parse(ran.stdout)).toMatchObject({ complete: true });
    const plain = await sync(ADMIN, "--url", "ldap://localhost", "--ca", dc.ca);
    expect(plain.stderr).toMatch(/in the clear\. Nothing was asked/);
    expect(plain.exitCode).toBe(2);
  });

  test("tries a wrong password once, whatever there is to try it on", async () => {
    const two = ["--url", "ldaps://localhost", "--url", "ldaps://localhost:636", "--ca", dc.ca, "--retries", "3"];
    const ran = await sync({ ...READER, password: "Wrong-Passw0rd" }, ...two);
    expect(ran.stderr).toMatch(REFUSAL);
    expect(ran.stderr).toContain("the account's name or password is wrong");
    expect(ran.exitCode).toBe(3);
    expect(dc.show("reader", "badPwdCount")).toContain("badPwdCount: 1");
  });

  test("goes on to the next domain controller where one does not answer", async () => {
    const ran = await sync(ADMIN, "--url", "ldaps://localhost:9", ...trusted(...few));
    expect(JSON.parse(ran.stdout)).toMatchObject({ complete: true });
    const none = await sync(ADMIN, "--url", "ldaps://localhost:9", "--url", "ldaps://localhost:8", "--ca", dc.ca);
    expect(none.stderr).toMatch(/None of 2 servers worked\. .*:9 cannot be reached.*:8 cannot be reached.*as it was/);
    expect(none.exitCode).toBe(4);
  });

  test("says so when the base is not there", async () => {
    const ran = await sync(ADMIN, ...trusted("--base", `OU=Nowhere,${BASE}`));
    expect(ran.stderr).toMatch(/no object with the name that --base gives/);
    expect(ran.exitCode).toBe(2);
  });

  test("refuses a password file that others may read", async () => {
    const file = join(state, "password");
    writeFileSync(file, ADMIN.password, { mode: 0o640 });
    const args = ["--user", ADMIN.user, "--password-file", file, ...trusted()];
    const ran = await breakglass(["escrow", "sync", "ldap", "--state", state, ...args], "", dc.through);
    expect(ran.stderr).toMatch(/Others on this machine may read .*\(mode 640\)/);
    expect(ran.exitCode).toBe(4);
  });
});
