import {
  appendFileSync,
  closeSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { createVault, openVault } from "../../src/escrow/vault.ts";
import { openLedger } from "../../src/ledger/open-ledger.ts";
import { Secret } from "../../src/wire/secret.ts";
import { breakglass, REFUSAL } from "../cli/program.ts";
import { run } from "../cli/run.ts";
import { ID_A, ID_B, PASSWORD_A, PASSWORD_B, showsDigits } from "../escrow/fixture.ts";
import { describeWith } from "./needs.ts";
import { Line, SftpServer } from "./sftp-server.ts";

const HEADER = "Hostname,KeyID,RecoveryKey,Directory\r\n";
const ROW_A = `PC-A,${ID_A},${PASSWORD_A},ActiveDirectory\r\n`;
const ROW_B = `PC-B,${ID_B},${PASSWORD_B},Entra\r\n`;
/** Rows without a password, to make a file long. */
const LONG = `${"X".repeat(500)},none,none,Entra\r\n`.repeat(1_500);

describeWith(["/usr/sbin/sshd", "ssh-keygen"], "escrow sync sftp, from a real OpenSSH server,", () => {
  let server: SftpServer;
  let exports: string;
  let state: string;

  beforeAll(async () => {
    server = await SftpServer.start(mkdtempSync(join(tmpdir(), "breakglass-sftp-")));
    exports = server.file("exports");
    mkdirSync(exports);
    writeFileSync(join(exports, "keys.csv"), HEADER + ROW_A + ROW_B);
  });
  afterAll(async () => {
    await server.stop();
    rmSync(server.folder, { recursive: true });
  });

  beforeEach(async () => {
    state = mkdtempSync(join(tmpdir(), "breakglass-sync-"));
    const options = { clock: Date.now, passphrase: new Secret("six plain words for a test"), workFactor: 1 };
    await (await createVault(join(state, "vault.sqlite"), options)).close();
    return () => rmSync(state, { recursive: true });
  });

  const common = () => ["escrow", "sync", "sftp", "--state", state, "--retries", "0"];
  const withKey = (url: string, ...args: string[]) => [
    ...common(),
    "--url",
    url,
    "--key",
    server.file("client"),
    ...args,
  ];
  const pinned = (url: string, ...args: string[]) => withKey(url, "--host-key", server.hostKey, ...args);
  const sync = (...args: string[]) => run(...args);
  async function lastEntry() {
    const ledger = await openLedger(join(state, "ledger.sqlite"), { station: "test", clock: Date.now });
    const entries = await ledger.read(0);
    await ledger.close();
    return entries.at(-1)!.body;
  }

  test("fetches one file with a key and the host key pinned, as the program runs from cron", async () => {
    const ran = await breakglass(pinned(server.url(join(exports, "keys.csv"))));
    expect(ran.stdout).toContain("2 rows: 2 deposited");
    expect(ran).toMatchObject({ stderr: "", exitCode: 0 });
    const vault = await openVault(join(state, "vault.sqlite"), { clock: Date.now });
    expect(vault.find({ deviceName: "PC-B" })).toMatchObject([{ protectorId: ID_B, directory: "Entra" }]);
    await vault.close();
    const body = await lastEntry();
    const { mtimeMs } = statSync(join(exports, "keys.csv"));
    expect(body).toMatchObject({ type: "vault.synced", kind: "sftp", file: "keys.csv", complete: true, deposited: 2 });
    expect(body.type === "vault.synced" && body.until).toBe(Math.floor(mtimeMs / 1000) * 1000);
    expect(showsDigits(JSON.stringify(body) + ran.stdout)).toBe(false);
  });

  test("takes the newest export of a folder, and counts its age from the file's own date", async () => {
    const old = new Date("2026-01-02T03:04:05Z");
    const folder = join(exports, "nightly");
    mkdirSync(folder);
    for (const [name, content, days] of [
      ["2026-01-01.csv", HEADER + ROW_A, 2],
      ["2026-01-02.CSV", HEADER + ROW_A + ROW_B, 0],
      ["2026-01-03.csv.part", HEADER, -1],
      [".hidden.csv", HEADER, -1],
    ] as const) {
      writeFileSync(join(folder, name), content);
      const date = new Date(old.getTime() - days * 86_400_000);
      utimesSync(join(folder, name), date, date);
    }
    const { stdout } = await sync(...pinned(server.url(folder), "--newest", "--json"));
    expect(JSON.parse(stdout)).toMatchObject({ rows: 2, complete: true, until: old.getTime() });
    await expect(sync(...pinned(server.url(folder)))).rejects.toThrow("is a folder");
    await expect(sync(...pinned(server.url(folder), "--newest", "--ending", ".ldif"))).rejects.toThrow(
      /No file .* ends in .ldif/,
    );
    const stale = await run("escrow", "status", "--state", state, "--max-age", "26");
    expect(stale.stdout).toMatch(/WARNING: older than 26 h/);
    expect(stale.exitCode).toBe(1);
  });

  test("refuses a host key that is not known and shows it; --trust-first takes it and remembers it", async () => {
    const url = server.url(join(exports, "keys.csv"));
    await expect(sync(...withKey(url))).rejects.toMatchObject({
      message: expect.stringContaining(`is not known: ${server.hostKey}`),
      exitCode: 3,
    });
    const first = await breakglass(withKey(url, "--trust-first"));
    expect(first.stderr).toContain(`TRUSTED AT FIRST USE: 127.0.0.1:${server.port} has host key ${server.hostKey}.`);
    expect(statSync(join(state, "sftp-host-keys")).mode & 0o777).toBe(0o600);
    expect(readFileSync(join(state, "sftp-host-keys"), "utf8")).toBe(`127.0.0.1:${server.port} ${server.hostKey}\n`);
    expect((await sync(...withKey(url))).exitCode).toBe(0);
  });

  test("says nothing of ours to a server whose host key changed, --trust-first or not", async () => {
    const url = server.url(join(exports, "keys.csv"));
    await sync(...withKey(url, "--trust-first"));
    const before = server.hostKey;
    await server.changeHostKey();
    const changed = `THE HOST KEY OF 127.0.0.1:${server.port} IS NOT THE ONE THAT IS TRUSTED`;
    const ran = await breakglass(withKey(url, "--trust-first"));
    expect(ran.stderr).toMatch(REFUSAL);
    expect(ran.stderr).toContain(changed);
    expect(ran.exitCode).toBe(3);
    await expect(sync(...withKey(url))).rejects.toThrow(changed);
    await expect(sync(...withKey(url, "--host-key", before))).rejects.toThrow(changed);
    expect(await lastEntry()).toMatchObject({ complete: false, failed: "host-key-changed" });
  });

  test("says what is wrong with a login, a key, a path", async () => {
    const url = server.url(join(exports, "keys.csv"));
    const host = ["--host-key", (await seenHostKey(url)) ?? ""];
    await expect(sync(...common(), "--url", url, ...host, "--key", server.file("stranger"))).rejects.toThrow(
      /refuses the login/,
    );
    writeFileSync(join(state, "password"), "not the password\n", { mode: 0o600 });
    const wrong = [...common(), "--url", url, ...host, "--password-file", join(state, "password")];
    await expect(sync(...wrong)).rejects.toMatchObject({
      message: expect.stringMatching(/refuses the login/),
      exitCode: 3,
    });
    await expect(sync(...common(), "--url", url, ...host, "--key", server.file("locked"))).rejects.toThrow(
      /is locked, and no/,
    );
    await expect(sync(...common(), "--url", url, ...host, "--key", server.file("client.pub"))).rejects.toThrow(
      /Others on this/,
    );
    await expect(sync(...withKey(server.url("/no/such/keys.csv"), ...host))).rejects.toMatchObject({
      message: expect.stringContaining("There is no /no/such/keys.csv"),
      exitCode: 2,
    });
    await expect(sync(...withKey(`sftp://a:secret@127.0.0.1:${server.port}/x`))).rejects.toThrow(/holds a password/);
    writeFileSync(join(state, "passphrase"), "key passphrase\n");
    const fd = openSync(join(state, "passphrase"), "r");
    const unlocked = [
      ...common(),
      "--url",
      url,
      ...host,
      "--key",
      server.file("locked"),
      "--passphrase-fd",
      String(fd),
    ];
    expect((await sync(...unlocked)).exitCode).toBe(0);
    closeSync(fd);
  });

  async function seenHostKey(url: string): Promise<string | undefined> {
    const refusal = await sync(...withKey(url)).catch((error: Error) => error.message);
    return /SHA256:\S+/.exec(String(refusal))?.[0];
  }

  test("keeps what came before the connection was cut in the middle of the file", async () => {
    writeFileSync(join(exports, "long.csv"), HEADER + ROW_A + ROW_B + LONG);
    const line = await Line.to(server.port, 300_000, (near, far) => {
      near.destroy();
      far.destroy();
    });
    const url = server.url(join(exports, "long.csv"), line.port);
    await expect(sync(...withKey(url, "--trust-first"))).rejects.toMatchObject({
      message: expect.stringMatching(
        /broke off: .*What came before that, 2 recovery passwords, is in the vault; the rest/,
      ),
      exitCode: 4,
    });
    await line.stop();
    expect(await lastEntry()).toMatchObject({ complete: false, failed: "connection-lost", deposited: 2 });
  });

  test("does not call a file complete that was written to while it was read", async () => {
    const path = join(exports, "growing.csv");
    writeFileSync(path, HEADER + ROW_B + LONG);
    const line = await Line.to(server.port, 300_000, () => appendFileSync(path, ROW_A));
    await expect(sync(...withKey(server.url(path, line.port), "--trust-first"))).rejects.toThrow(
      /changed while it was read/,
    );
    await line.stop();
    expect(await lastEntry()).toMatchObject({ complete: false, failed: "file-changed" });
  });
});
