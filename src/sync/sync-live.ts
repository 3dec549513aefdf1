import type { ExportItem } from "../escrow/exports/export-row.ts";
import type { Freshness } from "../escrow/freshness.ts";
import { type ImportOptions, type ImportReport, importRows } from "../escrow/import.ts";
import type { Vault } from "../escrow/vault.ts";
import { type Act, syncedEntry } from "../escrow/vault-entries.ts";
import type { NewEntry } from "../ledger/entry.ts";
import type { Ledger } from "../ledger/ledger.ts";
import { StoreError } from "../ledger/store-error.ts";
import { OperatorError } from "../wire/operator-error.ts";
import type { LiveSource, OpenSource } from "./live-source.ts";
import { SyncFailure } from "./sync-failure.ts";

export interface Stores {
  readonly vault: Vault;
  readonly ledger: Ledger;
}

/** What became of a sync. */
export interface SyncReport extends ImportReport {
  readonly kind: LiveSource["kind"];
  readonly complete: boolean;
  readonly failed: string | null;
  readonly since: number | null;
  readonly until: number | null;
}

/** What a sync gives. A failure that is told may come with rows that were brought in before it. */
export interface Synced {
  readonly report: SyncReport;
  /** Null if it worked, or was stopped. */
  readonly failure: OperatorError | null;
}

interface SyncWatch extends Omit<ImportOptions, "source"> {
  readonly stop: AbortSignal;
  /** Told when the source is closed and no more rows come, before anything is written down. */
  readonly onEnd: () => void;
}

/**
 * Brings a live source's rows into the vault, sealed or not, and writes down what came of it: one `vault.synced`, also
 * for a sync that failed. What came before a failure stays.
 */
export async function syncLive(
  { vault, ledger }: Stores,
  live: LiveSource,
  freshness: Freshness,
  { onEnd, ...watch }: SyncWatch,
  act: Act,
): Promise<Synced> {
  let opened: OpenSource | null = null;
  // A source that hangs would hold up the stop, too.
  watch.stop.addEventListener("abort", () => void opened?.close(), { once: true });
  let failure: OperatorError | null = null;
  let report: ImportReport = { source: live.source, ...NOTHING };
  try {
    opened = await live.open(freshness);
    const rows = untilFailure(opened.rows, (error) => {
      failure = error;
    });
    report = await importRows(rows, vault, { ...watch, source: live.source });
    if (!report.stopped) failure ??= await opened.check();
  } catch (error) {
    if (!(error instanceof OperatorError)) throw error;
    failure = error;
  } finally {
    await opened?.close();
    onEnd();
  }
  const stopped = watch.stop.aborted;
  if (stopped) failure = null;
  const { since, until, details } = opened ?? { since: null, until: null, details: {} };
  const outcome: SyncReport = {
    ...report,
    kind: live.kind,
    stopped,
    complete: failure === null && !stopped,
    failed: stopped ? "stopped" : failure === null ? null : wordOf(failure),
    since,
    until,
  };
  try {
    await ledger.append(entryOf(vault, outcome, details, act));
  } catch (error) {
    // A full disk fails both; the first failure is the one to tell.
    throw failure ?? error;
  }
  return { report: outcome, failure };
}

const COUNTS = { rows: 0, deposited: 0, present: 0, superseded: 0, rejected: 0, conflicts: 0, named: 0 };
const NOTHING = { ...COUNTS, firstRejected: [], firstConflicts: [], stopped: false };

/** The rows up to a failure, which ends them as if there were no more: what came before is deposited all the same. */
async function* untilFailure(rows: AsyncIterable<ExportItem>, failed: (error: OperatorError) => void) {
  try {
    yield* rows;
  } catch (error) {
    if (!(error instanceof OperatorError)) throw error;
    failed(error);
  }
}

function wordOf(failure: OperatorError): string {
  if (failure instanceof SyncFailure) return failure.reason;
  return failure instanceof StoreError ? failure.fault : "refused";
}

function entryOf(vault: Vault, report: SyncReport, details: OpenSource["details"], act: Act): NewEntry {
  const { source, kind, deposited, present, superseded, rejected, conflicts, named } = report;
  const { complete, failed, since, until } = report;
  const counts = { deposited, present, superseded, rejected, conflicts, named };
  const whole = { ...details, ...counts, complete, ...(failed !== null && { failed }), since, until };
  return syncedEntry(vault, { source, kind, ...whole }, act);
}
