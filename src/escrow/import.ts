import type { Guid } from "../wire/guid.ts";
import type { Deposited, NewDeposit } from "./deposit.ts";
import { DeviceNames } from "./exports/device-names.ts";
import { shownName } from "./exports/export-file.ts";
import type { ExportItem, Reject, RejectReason } from "./exports/export-row.ts";
import type { Vault } from "./vault.ts";

/** Where a row stands. `file` is null if the export is one file. */
interface Place {
  readonly file: string | null;
  readonly line: number;
}

interface RejectedRow extends Place, Reject {}

/** A row was taken, but the vault now has several passwords for its key protector ID. */
interface ConflictingRow extends Place {
  readonly protectorId: Guid | null;
  readonly passwords: number;
}

/** What became of one row; no digit of a password is in it. */
export interface RowFate extends Place {
  readonly is: Deposited["is"] | "rejected";
  readonly protectorId: Guid | null;
  readonly deviceName: string | null;
  /** How many passwords the vault has for its key protector ID; null if it was rejected. */
  readonly passwords: number | null;
  readonly reason: RejectReason | null;
  readonly detail: string | null;
}

/** Every row is counted once: deposited + present + superseded + rejected = rows. */
export interface ImportReport {
  readonly source: string;
  readonly rows: number;
  readonly deposited: number;
  readonly present: number;
  readonly superseded: number;
  readonly rejected: number;
  /** Rows after which the vault has several passwords for their key protector ID. */
  readonly conflicts: number;
  /** Deposits, new or old, that a list of devices gave another name. */
  readonly named: number;
  /** The first FIRST_SHOWN of each; `onFate` is told of all. */
  readonly firstRejected: readonly RejectedRow[];
  readonly firstConflicts: readonly ConflictingRow[];
  /** True if it was told to stop before the end: the rows so far are in, the others were not looked at. */
  readonly stopped: boolean;
}

export interface ImportOptions {
  /** A file's or folder's name without its path, or a live source's. */
  readonly source: string;
  /** Told how many rows are done. */
  readonly onProgress?: (rows: number) => void;
  /** Told of each row in turn, once what became of it is durable. */
  readonly onFate?: ((fate: RowFate) => void) | undefined;
  /** Ends it at a row, with all before it deposited. */
  readonly stop?: AbortSignal | undefined;
}

/** More rows than this nobody reads on a screen, and memory must not grow with an export. */
export const FIRST_SHOWN = 100;

/** Rows per transaction: enough to make the fsync cheap, few enough to show progress. */
const BATCH = 1000;

interface Waiting extends Place {
  readonly row: NewDeposit | Reject;
}

/** Deposits rows as they come into a vault, sealed or not. A bad row is reported and does not stop the others. */
export async function importRows(
  items: AsyncIterable<ExportItem>,
  vault: Vault,
  options: ImportOptions,
): Promise<ImportReport> {
  const { source, stop } = options;
  const tally = new Tally(options);
  const names = new DeviceNames();
  let batch: Waiting[] = [];
  const flush = async () => {
    const deposits = batch.flatMap(({ row }) => ("reason" in row ? [] : [row]));
    const results = (deposits.length === 0 ? [] : await vault.depositAll(deposits)).values();
    for (const { row, ...place } of batch) {
      if ("reason" in row) tally.rejected(place, row);
      else tally.taken(place, row, results.next().value!);
    }
    batch = [];
    options.onProgress?.(tally.counts.rows);
  };
  try {
    for await (const item of items) {
      if (stop?.aborted) break;
      const { file = null, line } = item;
      if ("device" in item) names.add(item.device);
      else if ("reason" in item.row) batch.push({ file, line, row: item.row });
      else batch.push({ file, line, row: { ...item.row, source: sourceOf(source, file) } });
      if (batch.length >= BATCH) await flush();
    }
    await flush();
    for (const devices of names.batches()) tally.counts.named += await vault.nameDevices(devices);
  } finally {
    names.close();
  }
  return { source: shownName(source), ...tally.counts, ...tally.first, stopped: stop?.aborted ?? false };
}

/** Counts, remembers the first of what a person has to look at, and tells of every row. */
class Tally {
  readonly counts = { rows: 0, deposited: 0, present: 0, superseded: 0, rejected: 0, conflicts: 0, named: 0 };
  readonly first = { firstRejected: [] as RejectedRow[], firstConflicts: [] as ConflictingRow[] };
  readonly #onFate: ((fate: RowFate) => void) | undefined;

  constructor({ onFate }: ImportOptions) {
    this.#onFate = onFate;
  }

  rejected(place: Place, reject: Reject): void {
    const { reason, detail, protectorId } = reject;
    this.counts.rows += 1;
    this.counts.rejected += 1;
    if (this.first.firstRejected.length < FIRST_SHOWN) this.first.firstRejected.push({ ...place, ...reject });
    const fate = { ...place, is: "rejected", protectorId, deviceName: null, passwords: null, reason, detail } as const;
    this.#onFate?.(fate);
  }

  taken(place: Place, { protectorId, deviceName }: NewDeposit, { is, others }: Deposited): void {
    const passwords = others + 1;
    this.counts.rows += 1;
    this.counts[is] += 1;
    if (others > 0) {
      this.counts.conflicts += 1;
      if (this.first.firstConflicts.length < FIRST_SHOWN)
        this.first.firstConflicts.push({ ...place, protectorId, passwords });
    }
    this.#onFate?.({ ...place, is, protectorId, deviceName, passwords, reason: null, detail: null });
  }
}

function sourceOf(source: string, file: string | null): string {
  return shownName(file === null ? source : `${source}/${file}`);
}
