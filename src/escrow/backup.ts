import {
  chmodSync,
  closeSync,
  constants,
  copyFileSync,
  existsSync,
  linkSync,
  openSync,
  readSync,
  renameSync,
  rmSync,
} from "node:fs";
import { dirname } from "node:path";
import { backup } from "node:sqlite";
import { storeFault } from "../ledger/store-error.ts";
import { flush, openStoreFile } from "../ledger/store-file.ts";
import { ExitCode, OperatorError } from "../wire/operator-error.ts";
import { checkVault, type VaultCheck } from "./check.ts";
import { VAULT } from "./vault-file.ts";

/**
 * A copy of the vault at `path` as a new file `out`, mode 0600, while others read and write it (SQLite's online backup),
 * read back row by row. Throws OperatorError, and leaves no file, if there is one already or the copy is not whole.
 */
export async function backUpVault(path: string, out: string): Promise<VaultCheck> {
  if (existsSync(out)) throw thereAlready(out);
  const db = openStoreFile(path, VAULT, "never", () => {});
  let made = false;
  try {
    closeSync(openSync(out, "wx", 0o600));
    made = true;
    await backup(db, out);
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

/** How a ledger's file names its kind (docs/formats/ledger.md): the other file that people pick up in a state folder. */
const LEDGER = Buffer.from("BGld").readUInt32BE();

/** Why the file cannot be a backup of a vault, by its header; null if it may be one. https://www.sqlite.org/fileformat2.html 1.3 */
export function whyNoBackup(file: string): string | null {
  const header = Buffer.alloc(100);
  const opened = openSync(file, "r");
  const length = readSync(opened, header);
  closeSync(opened);
  if (length < header.length || header.toString("latin1", 0, 16) !== "SQLite format 3\0") return "is not a database";
  const kind = header.readUInt32BE(68);
  if (kind === VAULT.applicationId) return null;
  return kind === LEDGER ? "is a ledger" : "is a database of another program";
}

/** Copies the backup `from` to `to`, a new file beside the vault, and checks it there. Throws if it is not whole. */
export async function stageBackup(from: string, to: string): Promise<VaultCheck> {
  rmSync(to, { force: true });
  try {
    closeSync(openSync(to, "wx", 0o600));
    copyFileSync(from, to);
    chmodSync(to, 0o600);
    flush(to);
    const check = await checkVault(to, null);
    if (check.damage.length === 0 && check.bad.length === 0) return check;
    throw new OperatorError(
      `The backup ${from} is damaged itself: ${check.damage[0] ?? `${check.bad.length} deposits are bad`}. Nothing was changed.`,
      "Use another backup.",
      ExitCode.negative,
    );
  } catch (error) {
    rmSync(to, { force: true });
    throw storeFault(error, "vault", to);
  }
}

/** Puts `staged` in the place of the vault at `path`, which is kept as `kept` (null if there was none). */
export function swapIn(staged: string, path: string, kept: string | null): void {
  if (kept !== null) {
    // A journal belongs to the file it was written for: beside another one SQLite would write its pages into that.
    if (existsSync(`${path}-journal`)) renameSync(`${path}-journal`, `${kept}-journal`);
    try {
      linkSync(path, kept);
    } catch {
      copyFileSync(path, kept, constants.COPYFILE_EXCL);
    }
  }
  renameSync(staged, path);
  flush(dirname(path));
}

function thereAlready(out: string): OperatorError {
  return new OperatorError(
    `The file ${out} already exists. It was not changed, and nothing was backed up.`,
    "Name a new file with --out.",
    ExitCode.refused,
  );
}
