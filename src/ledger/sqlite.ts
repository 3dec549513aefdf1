import { randomBytes } from "node:crypto";
import type { DatabaseSync } from "node:sqlite";
import { setImmediate } from "node:timers";
import { guidFromBytes } from "../wire/guid.ts";
import { canonicalJson } from "../wire/json.ts";
import type { Entry, EntryBody, NewEntry } from "./entry.ts";
import { entryHash, NO_ENTRY } from "./hash.ts";
import { type Ledger, Receipt } from "./ledger.ts";
import { assertPlain } from "./plain.ts";
import { StoreError, storeFault } from "./store-error.ts";
import { openStoreFile, type StoreKind } from "./store-file.ts";

// WAL: one fsync per commit where a rollback journal takes three, and `ledger export` reads while a station writes.
// With synchronous=FULL that fsync comes before COMMIT returns, so an acknowledged entry survives a power cut.
const KIND: StoreKind = {
  name: "ledger",
  applicationId: Buffer.from("BGld").readUInt32BE(),
  version: 1,
  journal: "wal",
  schema: `
    CREATE TABLE ledger (ledgerId TEXT NOT NULL) STRICT;
    CREATE TABLE entry (
      seq INTEGER PRIMARY KEY,
      epoch INTEGER NOT NULL,
      prev TEXT NOT NULL,
      hash TEXT NOT NULL,
      at INTEGER NOT NULL,
      stationAt INTEGER NOT NULL,
      station TEXT NOT NULL,
      actor TEXT NOT NULL,
      commandId TEXT NOT NULL UNIQUE,
      generation INTEGER NOT NULL,
      body TEXT NOT NULL
    ) STRICT;
    CREATE TRIGGER noUpdate BEFORE UPDATE ON entry BEGIN SELECT raise(ABORT, 'the ledger is append-only'); END;
    CREATE TRIGGER noDelete BEFORE DELETE ON entry BEGIN SELECT raise(ABORT, 'the ledger is append-only'); END`,
};

export interface SqliteLedgerOptions {
  /** This station's name, as it stands in the entries it appends. */
  readonly station: string;
  /** Milliseconds since 1970 UTC. */
  readonly clock: () => number;
  /** Make the file if there is none. */
  readonly create?: boolean;
  /** The name of a ledger that is made; a GUID of random bytes unless it is given. */
  readonly ledgerId?: string;
  /** Unguessable bytes; the system's unless a test wants known ones. */
  readonly random?: (length: number) => Uint8Array;
  /** Open it though its last entry was changed: for looking at, not for appending to. */
  readonly evenIfBroken?: boolean;
}

/** The ledger as a file. */
export interface SqliteLedger extends Ledger {
  /** The entries whose command ID begins so, in order; found by the file's index, however many others there are. */
  commandsBeginning(prefix: string): Promise<readonly Entry[]>;
  /** What SQLite finds wrong with the file's structure (`PRAGMA integrity_check`); empty if nothing. */
  integrity(): Promise<readonly string[]>;
}

/** A command ID came back with other content: a defect in the caller, and nothing was written. */
export class CommandReused extends Error {
  constructor(commandId: string, seq: number) {
    super(`command ${commandId} is entry ${seq} already, with other content`);
    this.name = "CommandReused";
  }
}

/**
 * Opens the ledger in the SQLite file at `path`. Several processes may do so at once. Throws OperatorError if the file
 * is missing (without `create`), is not a ledger, is damaged, or is of a later version. Appends that come in during
 * one turn of the event loop share one commit; if it fails, all of them reject with StoreError and none counts as
 * written: the same command may be appended again.
 */
export async function openSqliteLedger(path: string, options: SqliteLedgerOptions): Promise<SqliteLedger> {
  const ledgerId = options.ledgerId ?? guidFromBytes((options.random ?? randomBytes)(16));
  const db = openStoreFile(path, KIND, options.create === true ? "if-missing" : "never", (fresh) =>
    fresh.prepare("INSERT INTO ledger (ledgerId) VALUES (?)").run(ledgerId),
  );
  try {
    const store = new SqliteStore(db, path, options);
    if (options.evenIfBroken !== true) store.checkHead();
    return store;
  } catch (error) {
    db.close();
    throw storeFault(error, KIND.name, path);
  }
}

interface Pending {
  readonly entry: NewEntry;
  readonly headSeq: number | null;
  readonly resolve: (answer: Receipt | "stale-view") => void;
  readonly reject: (error: unknown) => void;
}

type Row = Omit<Entry, "ledgerId" | "body"> & { readonly body: string };

class SqliteStore implements SqliteLedger {
  readonly ledgerId: string;
  readonly #db: DatabaseSync;
  readonly #path: string;
  readonly #options: SqliteLedgerOptions;
  readonly #sql: ReturnType<typeof statements>;
  #queue: Pending[] = [];
  #failed: StoreError | null = null;

  constructor(db: DatabaseSync, path: string, options: SqliteLedgerOptions) {
    this.#db = db;
    this.#path = path;
    this.#options = options;
    this.#sql = statements(db);
    const row = db.prepare("SELECT ledgerId FROM ledger").get();
    if (row === undefined) throw new StoreError("damaged", KIND.name, path, "it has lost its name");
    this.ledgerId = String(row.ledgerId);
  }

  /** Nothing is appended to an end that does not hold. The whole chain is `verifyLedger`'s. */
  checkHead(): void {
    const head = this.#head();
    if (head !== null && head.hash !== entryHash(head))
      throw new StoreError("damaged", KIND.name, this.#path, `its last entry, ${head.seq}, was changed`);
  }

  append(entry: NewEntry): Promise<Receipt> {
    return this.#enqueue(entry, null) as Promise<Receipt>;
  }

  appendIfHead(entry: NewEntry, headSeq: number): Promise<Receipt | "stale-view"> {
    return this.#enqueue(entry, headSeq);
  }

  async read(afterSeq: number, limit = -1): Promise<readonly Entry[]> {
    try {
      return this.#sql.after.all(afterSeq, limit).map((row) => this.#entry(row as unknown as Row));
    } catch (error) {
      throw storeFault(error, KIND.name, this.#path);
    }
  }

  async head(): Promise<{ readonly seq: number; readonly hash: string }> {
    try {
      const head = this.#head();
      return head === null ? { seq: 0, hash: NO_ENTRY } : { seq: head.seq, hash: head.hash };
    } catch (error) {
      throw storeFault(error, KIND.name, this.#path);
    }
  }

  async commandsBeginning(prefix: string): Promise<readonly Entry[]> {
    try {
      const rows = this.#sql.commandsFrom.all(prefix, `${prefix}\u{10ffff}`);
      return rows.map((row) => this.#entry(row as unknown as Row));
    } catch (error) {
      throw storeFault(error, KIND.name, this.#path);
    }
  }

  async integrity(): Promise<readonly string[]> {
    try {
      const rows = this.#db.prepare("PRAGMA integrity_check").all();
      return rows.map((row) => String(row.integrity_check)).filter((line) => line !== "ok");
    } catch (error) {
      const fault = storeFault(error, KIND.name, this.#path);
      if (fault instanceof StoreError && fault.fault === "damaged") return [fault.message];
      throw fault;
    }
  }

  async close(): Promise<void> {
    this.#flush();
    if (this.#db.isOpen) this.#db.close();
  }

  #enqueue(entry: NewEntry, headSeq: number | null): Promise<Receipt | "stale-view"> {
    return new Promise((resolve, reject) => {
      assertPlain({ ...entry }, "entry");
      // Not a microtask: requests that piled up in the sockets during the last fsync are to share the next one.
      if (this.#queue.length === 0) setImmediate(() => this.#flush());
      this.#queue.push({ entry, headSeq, resolve, reject });
    });
  }

  #flush(): void {
    const batch = this.#queue;
    this.#queue = [];
    if (batch.length === 0) return;
    try {
      if (this.#failed !== null) throw this.#failed;
      const answers = this.#commit(batch);
      for (const [index, { resolve, reject }] of batch.entries()) {
        const answer = answers[index]!;
        if (answer instanceof CommandReused) reject(answer);
        else resolve(answer);
      }
    } catch (error) {
      const fault = storeFault(error, KIND.name, this.#path);
      // After a failed fsync the kernel may count lost pages as clean, so a later success would prove nothing.
      if (fault instanceof StoreError && fault.fault === "storage") this.#failed = fault;
      for (const { reject } of batch) reject(fault);
    }
  }

  /** One transaction. IMMEDIATE takes the write lock before the head is read, so no other process slips between. */
  #commit(batch: readonly Pending[]): (Receipt | "stale-view" | CommandReused)[] {
    this.#db.exec("BEGIN IMMEDIATE");
    try {
      let head = this.#head();
      const answers = batch.map(({ entry, headSeq }) => {
        const earlier = this.#sql.byCommand.get(entry.commandId) as Row | undefined;
        if (earlier !== undefined) return this.#repeat(this.#entry(earlier), entry, headSeq);
        if (headSeq !== null && headSeq !== (head?.seq ?? 0)) return "stale-view";
        head = this.#insert(entry, head);
        return Receipt.mint(head, false);
      });
      this.#db.exec("COMMIT");
      return answers;
    } catch (error) {
      if (this.#db.isTransaction) this.#db.exec("ROLLBACK");
      throw error;
    }
  }

  /** Of two decisions for one command, made at the same moment and unlike each other, the second is made anew. */
  #repeat(earlier: Entry, entry: NewEntry, headSeq: number | null): Receipt | "stale-view" | CommandReused {
    const same = earlier.actor === entry.actor && canonicalJson(earlier.body) === canonicalJson(entry.body);
    if (same) return Receipt.mint(earlier, true);
    return headSeq !== null && earlier.seq > headSeq ? "stale-view" : new CommandReused(entry.commandId, earlier.seq);
  }

  #insert(entry: NewEntry, before: Entry | null): Entry {
    const stationAt = this.#options.clock();
    const text = canonicalJson(entry.body);
    const open = {
      ledgerId: this.ledgerId,
      epoch: before?.epoch ?? 1,
      seq: (before?.seq ?? 0) + 1,
      prev: before?.hash ?? NO_ENTRY,
      at: Math.max(stationAt, before?.at ?? 0),
      stationAt,
      station: this.#options.station,
      actor: entry.actor,
      commandId: entry.commandId,
      generation: entry.generation ?? before?.generation ?? 0,
      body: JSON.parse(text) as EntryBody,
    };
    const added = { ...open, hash: entryHash(open) };
    const { ledgerId: _ledgerId, body: _body, ...columns } = added;
    this.#sql.insert.run({ ...columns, body: text });
    return added;
  }

  #head(): Entry | null {
    const row = this.#sql.last.get() as Row | undefined;
    return row === undefined ? null : this.#entry(row);
  }

  #entry(row: Row): Entry {
    const body = parsed(row.body);
    if (typeof body?.type === "string") {
      const { epoch, seq, prev, hash, at, stationAt, station, actor, commandId, generation } = row;
      const { ledgerId } = this;
      return { ledgerId, epoch, seq, prev, hash, at, stationAt, station, actor, commandId, generation, body };
    }
    throw new StoreError("damaged", KIND.name, this.#path, `the body of entry ${row.seq} is not an event in JSON`);
  }
}

function parsed(text: string): EntryBody | null {
  try {
    return JSON.parse(text) as EntryBody;
  } catch {
    return null;
  }
}

function statements(db: DatabaseSync) {
  const columns = "seq, epoch, prev, hash, at, stationAt, station, actor, commandId, generation, body";
  const named = columns.replaceAll(/\w+/g, "$$$&");
  return {
    insert: db.prepare(`INSERT INTO entry (${columns}) VALUES (${named})`),
    last: db.prepare(`SELECT ${columns} FROM entry ORDER BY seq DESC LIMIT 1`),
    byCommand: db.prepare(`SELECT ${columns} FROM entry WHERE commandId = ?`),
    commandsFrom: db.prepare(`SELECT ${columns} FROM entry WHERE commandId >= ? AND commandId < ? ORDER BY seq`),
    after: db.prepare(`SELECT ${columns} FROM entry WHERE seq > ? ORDER BY seq LIMIT ?`),
  };
}
