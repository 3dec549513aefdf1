import { randomBytes } from "node:crypto";
import type { DatabaseSync, StatementSync } from "node:sqlite";
import { setImmediate } from "node:timers";
import { guidFromBytes } from "../wire/guid.ts";
import { canonicalJson } from "../wire/json.ts";
import type { Entry, NewEntry, RawEntry } from "./entry.ts";
import { bodyProblem, type RawBody } from "./events/event.ts";
import { entryHash, NO_ENTRY } from "./hash.ts";
import { CommandReused, type Ledger, type LedgerOptions, Receipt, type Ticker } from "./ledger.ts";
import { assertPlain } from "./plain.ts";
import { KIND, statements } from "./sqlite-table.ts";
import { StoreError } from "./store-error.ts";
import { storeFault } from "./store-fault.ts";
import { faultsOfDatabase, openStoreFile } from "./store-file.ts";

/**
 * Opens the ledger in the SQLite file at `path`. Several processes may do so at once. Throws OperatorError if the file
 * is missing (without `create`), is not a ledger, is damaged, or is of a later version. Appends that come in during
 * one turn of the event loop share one commit; if it fails, all of them reject with StoreError and none counts as
 * written: the same command may be appended again.
 */
export async function openSqliteLedger(path: string, options: LedgerOptions): Promise<Ledger> {
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

type Row = Omit<RawEntry, "ledgerId" | "body"> & { readonly body: string };

class SqliteStore implements Ledger {
  readonly ledgerId: string;
  readonly #db: DatabaseSync;
  readonly #path: string;
  readonly #options: LedgerOptions;
  readonly #sql: ReturnType<typeof statements>;
  readonly #watching = new Set<() => void>();
  #queue: Pending[] = [];
  #failed: StoreError | null = null;

  constructor(db: DatabaseSync, path: string, options: LedgerOptions) {
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
    return (await this.readRaw(afterSeq, limit)).map((entry) => this.#understood(entry));
  }

  async readRaw(afterSeq: number, limit = -1): Promise<readonly RawEntry[]> {
    try {
      return this.#rows(this.#sql.after, afterSeq, limit);
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

  async commandsBeginning(prefix: string): Promise<readonly RawEntry[]> {
    try {
      return this.#rows(this.#sql.commandsFrom, prefix, `${prefix}\u{10ffff}`);
    } catch (error) {
      throw storeFault(error, KIND.name, this.#path);
    }
  }

  async integrity(): Promise<readonly string[]> {
    try {
      return faultsOfDatabase(this.#db);
    } catch (error) {
      const fault = storeFault(error, KIND.name, this.#path);
      if (fault instanceof StoreError && fault.fault === "damaged") return [fault.message];
      throw fault;
    }
  }

  watch(onNew: () => void, every: Ticker): () => void {
    let seen = this.#version();
    const stop = every(() => {
      const version = this.#version();
      if (version === seen) return;
      seen = version;
      onNew();
    });
    this.#watching.add(onNew);
    return () => {
      this.#watching.delete(onNew);
      stop();
    };
  }

  /** Changes with every commit of another connection; -1 if it cannot be read now, which reading will say. */
  #version(): number {
    try {
      return Number(this.#sql.version.get()?.data_version);
    } catch {
      return -1;
    }
  }

  async close(): Promise<void> {
    this.#flush();
    if (this.#db.isOpen) this.#db.close();
  }

  #enqueue(entry: NewEntry, headSeq: number | null): Promise<Receipt | "stale-view"> {
    return new Promise((resolve, reject) => {
      assertPlain({ ...entry }, "entry");
      const problem = bodyProblem(entry.body);
      if (problem !== null) throw new TypeError(`entry: ${problem}`);
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
      for (const onNew of this.#watching) onNew();
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
        const added = this.#insert(entry, head);
        head = added;
        return Receipt.mint(added, false);
      });
      this.#db.exec("COMMIT");
      return answers;
    } catch (error) {
      if (this.#db.isTransaction) this.#db.exec("ROLLBACK");
      throw error;
    }
  }

  /** Of two decisions for one command, made at the same moment and unlike each other, the second is made anew. */
  #repeat(earlier: RawEntry, entry: NewEntry, headSeq: number | null): Receipt | "stale-view" | CommandReused {
    const same = earlier.actor === entry.actor && canonicalJson(earlier.body) === canonicalJson(entry.body);
    if (same) return Receipt.mint({ ...earlier, body: entry.body }, true);
    return headSeq !== null && earlier.seq > headSeq ? "stale-view" : new CommandReused(entry.commandId, earlier.seq);
  }

  #insert(entry: NewEntry, before: RawEntry | null): Entry {
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
      body: JSON.parse(text) as NewEntry["body"],
    };
    const added = { ...open, hash: entryHash(open) };
    const { ledgerId: _ledgerId, body: _body, ...columns } = added;
    this.#sql.insert.run({ ...columns, body: text });
    return added;
  }

  #head(): RawEntry | null {
    const row = this.#sql.last.get() as Row | undefined;
    return row === undefined ? null : this.#entry(row);
  }

  #rows(statement: StatementSync, ...values: (string | number)[]): RawEntry[] {
    return statement.all(...values).map((row) => this.#entry(row as Row));
  }

  #understood(entry: RawEntry): Entry {
    const problem = bodyProblem(entry.body);
    if (problem === null) return entry as Entry;
    throw new StoreError("not-understood", KIND.name, this.#path, `entry ${entry.seq}: ${problem}`);
  }

  #entry(row: Row): RawEntry {
    const body = parsed(row.body);
    if (typeof body?.type === "string") {
      const { epoch, seq, prev, hash, at, stationAt, station, actor, commandId, generation } = row;
      const { ledgerId } = this;
      return { ledgerId, epoch, seq, prev, hash, at, stationAt, station, actor, commandId, generation, body };
    }
    throw new StoreError("damaged", KIND.name, this.#path, `the body of entry ${row.seq} is not an event in JSON`);
  }
}

function parsed(text: string): RawBody | null {
  try {
    return JSON.parse(text) as RawBody;
  } catch {
    return null;
  }
}
