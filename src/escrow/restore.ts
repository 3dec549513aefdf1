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
import { basename, dirname } from "node:path";
import type { Entry } from "../ledger/entry.ts";
import type { Ledger } from "../ledger/ledger.ts";
import { storeFault } from "../ledger/store-fault.ts";
import { flush, isDatabase } from "../ledger/store-file.ts";
import { ExitCode, OperatorError } from "../wire/operator-error.ts";
import { sha256Of } from "./backup.ts";
import { checkVault, type VaultCheck } from "./check.ts";
import { type Act, restoredEntry } from "./vault-entries.ts";
import { VAULT } from "./vault-file.ts";

/** A backup beside the vault whose place it may take. */
interface StagedBackup extends VaultCheck {
  /** The backup itself, which stays where it is. */
  readonly from: string;
  /** Its copy. */
  readonly staged: string;
}

/** How a ledger's file names its kind (docs/formats/ledger.md): the other file that people pick up in a state folder. */
const LEDGER = Buffer.from("BGld").readUInt32BE();

/** Why the file cannot be a backup of a vault, by its header; null if it may be one. */
export function whyNoBackup(file: string): string | null {
  const header = Buffer.alloc(100);
  const opened = openSync(file, "r");
  const length = readSync(opened, header);
  closeSync(opened);
  if (length < header.length || !isDatabase(header)) return "is not a database";
  const kind = header.readUInt32BE(68);
  if (kind === VAULT.applicationId) return null;
  return kind === LEDGER ? "is a ledger" : "is a database of another program";
}

/** Copies the backup `from` to `to`, a new file beside the vault, and checks it there. Throws if it is not whole. */
export async function stageBackup(from: string, to: string): Promise<StagedBackup> {
  rmSync(to, { force: true });
  try {
    closeSync(openSync(to, "wx", 0o600));
    copyFileSync(from, to);
    chmodSync(to, 0o600);
    flush(to);
    const check = await checkVault(to, null);
    if (check.damage.length === 0 && check.bad.length === 0) return { ...check, from, staged: to };
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
    // A journal belongs to the file it was written for: beside another one its pages would be written into that.
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

interface Restored {
  readonly vaultId: string | null;
  readonly deposits: number;
  /** Where the vault that was there is now; null if there was none. */
  readonly kept: string | null;
  /** Null if the ledger does not know the backup. */
  readonly since: SinceBackup | null;
}

/** What happened to the vault after a backup was made. */
export interface SinceBackup {
  /** The sources that were imported, each once. */
  readonly imports: readonly string[];
  readonly relocked: boolean;
}

/**
 * Writes down that a backup takes the place of the vault at `path`, and puts it there. Refused if the vault there is, or
 * by the ledger was, another one.
 */
export async function restore(
  path: string,
  ledger: Ledger,
  { vaultId, deposits, from, staged }: StagedBackup,
  act: Act,
  now: number,
): Promise<Restored> {
  const entries = await ledger.read(0);
  const present = await presentVaultId(path, entries);
  if (present !== null && present !== vaultId) throw ofAnotherVault(from, vaultId, present);
  const kept = existsSync(path)
    ? `${path}.before-${new Date(now).toISOString().slice(0, 19).replace(/\D/g, "")}`
    : null;
  const sha256 = await sha256Of(from);
  const names = { from: basename(from), sha256, kept: kept === null ? null : basename(kept) };
  await ledger.append(restoredEntry({ vaultId, deposits }, names, act));
  swapIn(staged, path, kept);
  return { vaultId, deposits, kept, since: sinceBackup(entries, sha256) };
}

function sinceBackup(entries: readonly Entry[], sha256: string): SinceBackup | null {
  const at = entries.findLastIndex(({ body }) => body.type === "vault.backed-up" && body.sha256 === sha256);
  if (at === -1) return null;
  const later = entries.slice(at + 1).map(({ body }) => body);
  const imports = later.flatMap((body) => (body.type === "vault.imported" ? [body.source] : []));
  return {
    imports: [...new Set(imports)],
    relocked: later.some(({ type }) => /^vault\.(rekeyed|split|lock-removed)$/.test(type)),
  };
}

/** The vault that is or was here: as it says itself, or else as the ledger does. */
async function presentVaultId(path: string, entries: readonly Entry[]): Promise<string | null> {
  if (!existsSync(path)) return null;
  const check = await checkVault(path, null).catch(() => null);
  const told = entries.map(({ body }) => ("vaultId" in body ? body.vaultId : null)).findLast((each) => each != null);
  return check?.vaultId ?? told ?? null;
}

function ofAnotherVault(file: string, vaultId: string | null, present: string): OperatorError {
  return new OperatorError(
    `${file} is a backup of vault ${vaultId}, and the vault here is ${present}. Nothing was restored.`,
    "Name that vault's folder, or a new one, with --state.",
    ExitCode.refused,
  );
}
