// Unseals a vault that was made as `breakglass escrow init` makes one, in a process of its own: unseal-load.ts FOLDER.
// Prints JSON: the seconds from the passphrase to an open vault, and the memory that took beside what Node had before.
import { mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { run } from "../../src/drill/lab/program.ts";
import { createVault, openVault } from "../../src/escrow/vault.ts";
import { Secret } from "../../src/wire/secret.ts";
import { peakMB } from "./peak-memory.ts";

/** What this script prints. */
export interface UnsealLoad {
  readonly seconds: number;
  /** The most memory the process had, less what it had before it unsealed. */
  readonly memoryMB: number;
}

const clock = Date.now;
const passphrase = new Secret("a passphrase of the benchmark");

async function unseal(path: string): Promise<UnsealLoad> {
  const vault = await openVault(path, { clock });
  const before = peakMB();
  const began = performance.now();
  if ((await vault.unseal(passphrase)) !== "unsealed") throw new Error("the passphrase does not open it");
  const seconds = (performance.now() - began) / 1000;
  await vault.close();
  return { seconds, memoryMB: peakMB() - before };
}

const [what, folder] = process.argv.slice(2);
if (what === "unseal") process.stdout.write(`${JSON.stringify(await unseal(folder!))}\n`);
else {
  const scratch = mkdtempSync(join(what!, "unseal-"));
  try {
    const path = join(scratch, "vault.sqlite");
    await (await createVault(path, { clock, passphrase })).close();
    const { code, stdout, stderr } = await run([process.execPath, import.meta.filename, "unseal", path]);
    if (code !== 0) throw new Error(stderr);
    process.stdout.write(stdout);
  } finally {
    rmSync(scratch, { recursive: true });
  }
}
