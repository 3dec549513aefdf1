import { closeSync, existsSync, fsyncSync, openSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { ExitCode, OperatorError } from "../wire/operator-error.ts";
import { StoreError, storeFault } from "./store-error.ts";

/** One of the SQLite files breakglass keeps: how to know it, and how to make it. */
export interface StoreKind {
  readonly name: "ledger" | "vault";
  /** SQLite's application_id: four ASCII characters that name the file's kind in its header. */
  readonly applicationId: number;
  /** SQLite's user_version. */
  readonly version: number;
  readonly schema: string;
  /** What makes version 1 into 2, then 2 into 3, and so on; the last one gives `schema`. */
  readonly upgrades?: readonly string[];
  readonly journal: "wal" | "delete";
}

/** Another process holds the write lock for one commit, milliseconds at most; a slow disk is given this long. */
const BUSY_MS = 5_000;

/**
 * Opens one of our SQLite files, or makes it with mode 0600. `create`: "never", "if-missing", or "new" (refused if the
 * file is there). `initialise` fills the first rows in the same transaction as the schema. Throws OperatorError or
 * StoreError, having changed nothing, if the file is missing, is something else, is damaged, or is of a later version.
 */
export function openStoreFile(
  path: string,
  kind: StoreKind,
  create: "never" | "if-missing" | "new",
  initialise: (db: DatabaseSync) => void,
): DatabaseSync {
  const missing = isMissing(path, kind);
  if (missing && create === "never")
    throw new OperatorError(
      `There is no ${kind.name} at ${path}.`,
      "Run `breakglass escrow init` to start one, or name the right folder with --state.",
    );
  if (create === "new") refuseExisting(path, kind);
  let db: DatabaseSync | null = null;
  try {
    if (missing) makePrivateFile(path);
    db = new DatabaseSync(path, { timeout: BUSY_MS });
    // On macOS a plain fsync stops at the drive's cache; elsewhere these two do nothing.
    db.exec("PRAGMA synchronous = EXTRA; PRAGMA fullfsync = ON; PRAGMA checkpoint_fullfsync = ON");
    if (create !== "never" && isBlank(db)) fill(db, kind, initialise);
    checkKind(db, kind, path);
    upgrade(db, kind);
    db.exec(`PRAGMA journal_mode = ${kind.journal}; PRAGMA synchronous = ${kind.journal === "wal" ? "FULL" : "EXTRA"}`);
    return db;
  } catch (error) {
    if (db?.isOpen) db.close();
    throw storeFault(error, kind.name, path);
  }
}

/** The one text that `sql` asks a store file for; null if there is no such file, column or row, or it cannot be read. */
export function storedValue(path: string, sql: string): string | null {
  if (!existsSync(path)) return null;
  let db: DatabaseSync | null = null;
  try {
    db = new DatabaseSync(path, { timeout: BUSY_MS });
    const value = Object.values(db.prepare(sql).get() ?? {})[0];
    return typeof value === "string" ? value : null;
  } catch {
    return null;
  } finally {
    db?.close();
  }
}

/** Throws OperatorError if there is a file at `path`. */
export function refuseExisting(path: string, kind: StoreKind): void {
  if (!existsSync(path)) return;
  throw new OperatorError(
    `There is a ${kind.name} at ${path} already. It was left untouched.`,
    "Use it, or name another folder with --state.",
    ExitCode.refused,
  );
}

/** A folder that this user may not enter hides its files; that is not the same as their not being there. */
function isMissing(path: string, { name }: StoreKind): boolean {
  try {
    return statSync(path, { throwIfNoEntry: false }) === undefined;
  } catch (error) {
    throw storeFault(error, name, path);
  }
}

/** The new name must survive a power cut too, and on Linux that takes an fsync of the folder. */
function makePrivateFile(path: string): void {
  closeSync(openSync(path, "a", 0o600));
  flush(dirname(path));
}

/** What was written to this file, or which names are in this folder, survives a power cut. Windows has no such call for either. */
export function flush(path: string): void {
  if (process.platform === "win32") return;
  const file = openSync(path, "r");
  fsyncSync(file);
  closeSync(file);
}

function pragma(db: DatabaseSync, name: string): number {
  return Number(db.prepare(`PRAGMA ${name}`).get()?.[name]);
}

function isBlank(db: DatabaseSync): boolean {
  return pragma(db, "application_id") === 0 && db.prepare("SELECT count(*) AS n FROM sqlite_schema").get()?.n === 0;
}

function fill(db: DatabaseSync, kind: StoreKind, initialise: (db: DatabaseSync) => void): void {
  db.exec("BEGIN IMMEDIATE");
  if (isBlank(db)) {
    db.exec(`${kind.schema}; PRAGMA application_id = ${kind.applicationId}; PRAGMA user_version = ${kind.version}`);
    initialise(db);
  }
  db.exec("COMMIT");
}

function checkKind(db: DatabaseSync, kind: StoreKind, path: string): void {
  if (pragma(db, "application_id") !== kind.applicationId)
    throw new OperatorError(
      `${path} is a database, but not a ${kind.name}. It was left untouched.`,
      "Name the right folder with --state.",
    );
  const version = pragma(db, "user_version");
  if (version > kind.version)
    throw new OperatorError(
      `${path} is a ${kind.name} of version ${version}, and this breakglass knows version ${kind.version}. It was left untouched.`,
      "Use the newer breakglass that wrote it.",
    );
  if (version < 1) throw new StoreError("damaged", kind.name, path, `its version reads ${version}`);
}

/** An older file becomes one of today's, all at once or not at all. */
function upgrade(db: DatabaseSync, { version, upgrades = [] }: StoreKind): void {
  if (pragma(db, "user_version") === version) return;
  db.exec("BEGIN IMMEDIATE");
  for (let from = pragma(db, "user_version"); from < version; from++)
    db.exec(`${upgrades[from - 1]!}; PRAGMA user_version = ${from + 1}`);
  db.exec("COMMIT");
}
