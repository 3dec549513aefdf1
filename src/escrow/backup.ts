import { createHash } from "node:crypto";
import { closeSync, createReadStream, existsSync, openSync, rmSync } from "node:fs";
import { basename } from "node:path";
import type { Ledger } from "../ledger/ledger.ts";
import { storeFault } from "../ledger/store-fault.ts";
import { copyStoreFile, flush, openStoreFile } from "../ledger/store-file.ts";
import { ExitCode, OperatorError } from "../wire/operator-error.ts";
import { checkVault, type VaultCheck } from "./check.ts";
import { type Act, backedUpEntry } from "./vault-entries.ts";
import { VAULT } from "./vault-file.ts";

/**
 * A copy of the vault at `path` as a new file `out`, mode 0600, while others read and write it,
 * read back row by row. Throws OperatorError, and leaves no file, if there is one already or the copy is not whole.
 */
export async function backUpVault(path: string, out: string): Promise<VaultCheck> {
  if (existsSync(out)) throw thereAlready(out);
  const db = openStoreFile(path, VAULT, "never", () => {});
  let made = false;
  try {
    closeSync(openSync(out, "wx", 0o600));
    made = true;
    await copyStoreFile(db, out);
    flush(out);
    const check = await checkVault(out, null);
    if (check.damage.length > 0 || check.bad.length > 0)
      throw new OperatorError(
        `The copy is damaged, because the vault ${path} itself is damaged. No backup was kept.`,
        "See what is bad with: breakglass escrow verify",
        ExitCode.negative,
      );
    made = false;
    return check;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") throw thereAlready(out);
    throw storeFault(error, "vault", out);
  } finally {
    db.close();
    if (made) for (const each of [out, `${out}-journal`]) rmSync(each, { force: true });
  }
}

/** A backup that was made. `sha256`: of its file, as 64 hex digits in lower case. */
interface Backup extends VaultCheck {
  readonly sha256: string;
}

/** Makes a backup of the vault at `path` and writes it down. */
export async function backUp(path: string, ledger: Ledger, out: string, act: Act): Promise<Backup> {
  const check = await backUpVault(path, out);
  const sha256 = await sha256Of(out);
  await ledger.append(backedUpEntry(check, { file: basename(out), sha256 }, act));
  return { ...check, sha256 };
}

/** What the ledger knows a backup by. */
export async function sha256Of(file: string): Promise<string> {
  const hash = createHash("sha256");
  for await (const chunk of createReadStream(file)) hash.update(chunk as Uint8Array);
  return hash.digest("hex");
}

function thereAlready(out: string): OperatorError {
  return new OperatorError(
    `The file ${out} already exists. It was not changed, and nothing was backed up.`,
    "Name a new file with --out.",
    ExitCode.refused,
  );
}
