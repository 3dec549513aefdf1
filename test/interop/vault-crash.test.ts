import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, expect, test } from "vitest";
import { ownMounts } from "../../src/drill/lab/own-mounts.ts";
import { checkVault } from "../../src/escrow/check.ts";
import { openVault, type Vault } from "../../src/escrow/vault.ts";
import { Receipt } from "../../src/ledger/ledger.ts";
import { depositOf, type ID_A, newVault, PASSPHRASE, PASSWORD_A, temporaryFolder } from "../escrow/fixture.ts";
import { entryOf, event } from "../ledger/event.ts";

const DEPOSITOR = join(import.meta.dirname, "vault-depositor.ts");
let folder: string;
let path: string;
let vault: Vault;
beforeEach(async () => {
  folder = temporaryFolder();
  path = join(folder, "vault.sqlite");
  vault = await newVault(path);
});

/** Runs a depositor; `onLines` sees how many lines came so far. */
function depositor(first: string, count: number, onLines: (lines: number, child: ChildProcess) => void = () => {}) {
  const child = spawn(process.execPath, [DEPOSITOR, path, first, String(count)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let text = "";
  child.stdout.setEncoding("utf8").on("data", (part: string) => {
    text += part;
    onLines(text.split("\n").length - 1, child);
  });
  return new Promise<string[]>((resolve) => child.on("close", () => resolve(text.split("\n").slice(0, -1))));
}

const acknowledged = (lines: readonly string[]) =>
  lines.filter((line) => line.startsWith("ack ")).map((line) => line.slice(4));

async function expectWhole(ids: readonly string[]): Promise<void> {
  const check = await checkVault(path, null);
  expect(check).toMatchObject({ damage: [], bad: [] });
  const again = await openVault(path, { clock: Date.now });
  const missing = ids.filter((id) => again.find({ protectorId: id as typeof ID_A }).length !== 1);
  await again.close();
  expect(missing).toEqual([]);
}

test("an import killed with -9 loses no deposit it had acknowledged, and the vault is whole", async () => {
  const ids: string[] = [];
  for (const [round, limit] of [20, 75, 130].entries())
    ids.push(
      ...acknowledged(
        await depositor(String(round), 100_000, (lines, child) => lines >= limit && child.kill("SIGKILL")),
      ),
    );
  expect(ids.length).toBeGreaterThan(200);
  await expectWhole(ids);
});

test("two imports at once, while passwords are released from the same vault, lose nothing and release what they should", async () => {
  const { depositId } = await vault.deposit(depositOf());
  await vault.unseal(PASSPHRASE);
  const receipt = Receipt.mint(entryOf(event("key.released", { depositId })), false);
  const running = Promise.all([depositor("a", 200), depositor("b", 200)]);
  let over = false;
  running.finally(() => {
    over = true;
  });
  let released = 0;
  while (!over) {
    expect((await vault.open(depositId, receipt)).reveal()).toBe(PASSWORD_A);
    released += 1;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  const lines = (await running).flat();
  expect(lines.filter((line) => line.startsWith("fail"))).toEqual([]);
  expect(released).toBeGreaterThan(10);
  await expectWhole(acknowledged(lines));
});

test("a full disk rejects the deposits, and the vault takes them again once there is room", async () => {
  const mount = join(folder, "small");
  mkdirSync(mount);
  const copy = join(folder, "copy.sqlite");
  const script = `mount -t tmpfs -o size=512k tmpfs "$1" && cp "$4" "$1/vault.sqlite" && head -c 262144 /dev/zero > "$1/ballast"
    "$2" "$3" "$1/vault.sqlite" 1 800 | grep -m1 ^fail
    rm "$1/ballast"
    "$2" "$3" "$1/vault.sqlite" 2 5 && cp "$1/vault.sqlite" "$5"`;
  // As root without a user namespace: in a chroot the kernel makes none.
  const user = process.getuid?.() === 0 ? [] : ["--map-root-user"];
  const shell = [...user, ...ownMounts(), "sh", "-c", script, "sh", mount, process.execPath, DEPOSITOR, path, copy];
  const { stdout, stderr } = spawnSync("unshare", shell, { encoding: "utf8" });
  const lines = stdout.trim().split("\n");
  expect(lines[0], stderr).toBe("fail full");
  expect(acknowledged(lines)).toHaveLength(5);
  path = copy;
  await expectWhole(acknowledged(lines));
});

test("vault, ledger and all that SQLite puts beside them are their owner's alone, whatever the umask", () => {
  const script = `
    import { readdirSync, statSync } from "node:fs";
    import { DatabaseSync } from "node:sqlite";
    const { createVault } = await import("./src/escrow/vault.ts");
    const { openLedger } = await import("./src/ledger/open-ledger.ts");
    const { Secret } = await import("./src/wire/secret.ts");
    const [folder] = process.argv.slice(1);
    const options = { clock: Date.now, passphrase: new Secret("six plain words"), workFactor: 1 };
    await createVault(folder + "/v.sqlite", options);
    const ledger = await openLedger(folder + "/l.sqlite", { station: "s", clock: Date.now, create: true });
    await ledger.append({ body: { type: "ledger.adopted" }, actor: "a", commandId: "c" });
    const raw = new DatabaseSync(folder + "/v.sqlite");
    raw.exec("BEGIN IMMEDIATE; UPDATE vault SET createdAt = 1; PRAGMA cache_spill = 1");
    for (const name of readdirSync(folder).sort()) console.log(name, (statSync(folder + "/" + name).mode & 0o777).toString(8));`;
  const node = [
    "--disable-warning=ExperimentalWarning",
    "--input-type=module",
    "--eval",
    script,
    "--",
    join(folder, "open"),
  ];
  mkdirSync(join(folder, "open"));
  const { stdout, stderr } = spawnSync("sh", ["-c", 'umask 000; exec "$0" "$@"', process.execPath, ...node], {
    encoding: "utf8",
    cwd: join(import.meta.dirname, "../.."),
  });
  const files = ["l.sqlite", "l.sqlite-shm", "l.sqlite-wal", "v.sqlite", "v.sqlite-journal"];
  expect(stdout.trim().split("\n"), stderr).toEqual(files.map((name) => `${name} 600`));
});
