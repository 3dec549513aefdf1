import { closeSync, existsSync, fsyncSync, openSync, type Stats, statSync } from "node:fs";
import { dirname } from "node:path";
import { backup, DatabaseSync, type SQLOutputValue, type StatementSync } from "node:sqlite";
import { ExitCode, OperatorError } from "../wire/operator-error.ts";
import { StoreError } from "./store-error.ts";
import { storeFault } from "./store-fault.ts";

/** A store file that is open, a question prepared for it, and a row of the answer: SQLite, which nobody else names. */
export type Database = DatabaseSync;
export type Statement = StatementSync;
export type Row = Record<string, SQLOutputValue>;

/** For a support bundle. */
export const DATABASE_VERSION = `SQLite ${process.versions.sqlite}`;

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
  initialise: (db: Database) => void,
): Database {
  const missing = isMissing(path, kind);
  if (missing && create === "never")
    throw new OperatorError(
      `There is no ${kind.name} at ${path}.`,
      "Run `breakglass escrow init` to start one, or name the right folder with --state.",
    );
  if (create === "new") refuseExisting(path, kind);
  let db: Database | null = null;
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
  let db: Database | null = null;
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

/** Copies an open store file to `out` while others read and write it (SQLite's online backup). */
export async function copyStoreFile(db: Database, out: string): Promise<void> {
  await backup(db, out);
}

/** A database without a name: kept in memory, or when it grows in a file that nobody else can open, and gone at the end. */
export function scratchDatabase(schema: string): Database {
  const db = new DatabaseSync("");
  db.exec(`PRAGMA synchronous = OFF; PRAGMA journal_mode = OFF; ${schema}`);
  return db;
}

/** True for the first bytes of a database. https://www.sqlite.org/fileformat2.html 1.3 */
export function isDatabase(head: Uint8Array): boolean {
  return Buffer.from(head.subarray(0, 16)).toString("latin1") === "SQLite format 3\0";
}

/** What the file says of its own tables and indexes: one line for each fault. */
export function faultsOfDatabase(db: Database): string[] {
  const lines = db.prepare("PRAGMA integrity_check").all();
  return lines.map((row) => String(row.integrity_check)).filter((line) => line !== "ok");
}

/** The index behind a table's `number`th UNIQUE, which is on other pages than the table's rows. */
export function uniqueIndexOf(table: string, number: number): string {
  return `sqlite_autoindex_${table}_${number}`;
}

/** True if a question to a store file failed, whatever the reason. */
export function isDatabaseError(error: unknown): boolean {
  return (error as { code?: unknown }).code === "ERR_SQLITE_ERROR";
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
  let found: Stats | undefined;
  try {
    found = statSync(path, { throwIfNoEntry: false });
  } catch (error) {
    throw storeFault(error, name, path);
  }
  if (found?.isDirectory()) throw new StoreError("not-a-store", name, path, "it is a folder");
  return found === undefined;
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

function pragma(db: Database, name: string): number {
  return Number(db.prepare(`PRAGMA ${name}`).get()?.[name]);
}

function isBlank(db: Database): boolean {
  return pragma(db, "application_id") === 0 && db.prepare("SELECT count(*) AS n FROM sqlite_schema").get()?.n === 0;
}

function fill(db: Database, kind: StoreKind, initialise: (db: Database) => void): void {
  db.exec("BEGIN IMMEDIATE");
  if (isBlank(db)) {
    db.exec(`${kind.schema}; PRAGMA application_id = ${kind.applicationId}; PRAGMA user_version = ${kind.version}`);
    initialise(db);
  }
  db.exec("COMMIT");
}

function checkKind(db: Database, kind: StoreKind, path: string): void {
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
function upgrade(db: Database, { version, upgrades = [] }: StoreKind): void {
  if (pragma(db, "user_version") === version) return;
  db.exec("BEGIN IMMEDIATE");
  for (let from = pragma(db, "user_version"); from < version; from++)
    db.exec(`${upgrades[from - 1]!}; PRAGMA user_version = ${from + 1}`);
  db.exec("COMMIT");
}
