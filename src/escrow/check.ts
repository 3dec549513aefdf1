import { parseRecoveryPassword } from "../bitlocker/recovery-password.ts";
import { Receipt } from "../ledger/ledger.ts";
import { StoreError } from "../ledger/store-error.ts";
import { storeFault } from "../ledger/store-fault.ts";
import {
  type Database,
  faultsOfDatabase,
  isDatabaseError,
  openStoreFile,
  type Row,
  uniqueIndexOf,
} from "../ledger/store-file.ts";
import { type Guid, parseGuid } from "../wire/guid.ts";
import { MalformedError } from "../wire/malformed.ts";
import type { Secret } from "../wire/secret.ts";
import { fingerprintOf } from "./fingerprint.ts";
import { openRecord } from "./record.ts";
import { recordProblem } from "./record-shape.ts";
import { VAULT } from "./vault-file.ts";

/** A deposit that would not help on the day. */
interface BadDeposit {
  readonly number: number;
  /** Null where even that cannot be read. */
  readonly protectorId: string | null;
  readonly deviceName: string | null;
  readonly what: string;
}

export interface VaultCheck {
  /** Null where the file has lost it. */
  readonly vaultId: string | null;
  readonly deposits: number;
  readonly locks: number;
  /** What is wrong with the file itself. */
  readonly damage: readonly string[];
  readonly bad: readonly BadDeposit[];
  /** True if every record was decrypted too. */
  readonly opened: boolean;
}

/** The right to decrypt every record once, and look at its first line: the receipt of a `vault.checking` entry. */
interface OpenCheck {
  readonly identity: Secret<string>;
  readonly receipt: Receipt;
}

/**
 * Looks at every row of the vault file at `path`, damaged or not, and shows no password. Throws OperatorError or
 * StoreError only if nothing at all can be read.
 */
export async function checkVault(
  path: string,
  open: OpenCheck | null,
  onProgress: (deposits: number) => void = () => {},
): Promise<VaultCheck> {
  if (open !== null && !(Receipt.is(open.receipt) && open.receipt.body.type === "vault.checking"))
    throw new Error("records are opened only with the receipt of a check");
  const db = openStoreFile(path, VAULT, "never", () => {});
  try {
    const vault = attempt(() => db.prepare("SELECT vaultId, fingerprintKey FROM vault").get());
    const locks = attempt(() => db.prepare("SELECT count(*) AS n FROM lock").get()?.n);
    const damage = [
      ...integrity(db),
      ...(vault === undefined ? ["the vault has lost its identity"] : []),
      ...(Number(locks ?? 0) === 0 ? ["it has lost every lock: nothing opens it"] : []),
    ];
    const key = vault?.fingerprintKey as Uint8Array | undefined;
    const rows = rowNumbers(db);
    const bad: BadDeposit[] = [];
    let done = 0;
    for (const [number, known] of rows) {
      if (++done % 1_000 === 0) onProgress(done);
      const row = attempt(() => db.prepare(ROW).get(number));
      const what = row === undefined ? "its row cannot be read" : await rowProblem(row, open, key);
      if (what === null) continue;
      const protectorId = row?.protectorId ?? known;
      const deviceName = row?.deviceName ?? null;
      bad.push({ number, protectorId: text(protectorId), deviceName: text(deviceName), what });
    }
    const vaultId = vault === undefined ? null : String(vault.vaultId);
    return { vaultId, deposits: rows.size, locks: Number(locks ?? 0), damage, bad, opened: open !== null };
  } catch (error) {
    throw storeFault(error, VAULT.name, path);
  } finally {
    db.close();
  }
}

const ROW = "SELECT protectorId, deviceName, fingerprint, record FROM deposit WHERE number = ?";

async function rowProblem(row: Row, open: OpenCheck | null, key: Uint8Array | undefined): Promise<string | null> {
  const { protectorId, record, fingerprint } = row;
  if (typeof protectorId !== "string" || !isGuid(protectorId)) return "its key protector ID is not a GUID";
  const shape = recordProblem(String(record));
  if (shape !== null || open === null) return shape === null ? null : `its record is damaged: ${shape}`;
  try {
    const password = await openRecord(String(record), open.identity, protectorId as Guid);
    const own =
      key === undefined
        ? fingerprint
        : fingerprintOf(key, protectorId as Guid, parseRecoveryPassword(password.reveal()));
    return own === fingerprint ? null : "its fingerprint is another password's";
  } catch (error) {
    if (error instanceof MalformedError) return error.what;
    throw error;
  }
}

/**
 * Number and key protector ID of every deposit: from the index, which is on other pages than the rows, and from the
 * table. What one has lost the other may still know.
 */
function rowNumbers(db: Database): Map<number, string | null> {
  const found = new Map<number, string | null>();
  for (const sql of [
    `SELECT number, protectorId FROM deposit INDEXED BY ${uniqueIndexOf("deposit", 2)}`,
    "SELECT number, NULL AS protectorId FROM deposit NOT INDEXED",
  ])
    attempt(() => {
      for (const { number, protectorId } of db.prepare(sql).iterate())
        if (!found.has(Number(number))) found.set(Number(number), text(protectorId ?? null));
    });
  return new Map([...found].sort(([one], [other]) => one - other));
}

function integrity(db: Database): string[] {
  return attempt(() => faultsOfDatabase(db)) ?? ["it is too damaged to be checked"];
}

/** Undefined where the file is too damaged for it; any other fault is thrown. */
function attempt<T>(act: () => T): T | undefined {
  try {
    return act();
  } catch (error) {
    const fault = storeFault(error, VAULT.name, "");
    if (fault instanceof StoreError && fault.fault !== "damaged" && fault.fault !== "not-a-store") throw fault;
    if (!(fault instanceof StoreError) && !isDatabaseError(error)) throw error;
    return undefined;
  }
}

function isGuid(text: string): boolean {
  try {
    return parseGuid(text) === text;
  } catch {
    return false;
  }
}

function text(value: Row[string]): string | null {
  return typeof value === "string" ? value : null;
}
