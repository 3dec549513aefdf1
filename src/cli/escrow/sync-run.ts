import { randomUUID } from "node:crypto";
import { resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { ExportItem } from "../../escrow/exports/export-row.ts";
import { type Freshness, foldFreshness, type SourceKind } from "../../escrow/freshness.ts";
import { type ImportReport, importRows } from "../../escrow/import.ts";
import { openVault, type Vault } from "../../escrow/vault.ts";
import { syncedEntry } from "../../escrow/vault-entries.ts";
import type { BodyOf } from "../../ledger/events/event.ts";
import type { Ledger } from "../../ledger/ledger.ts";
import { StoreError } from "../../ledger/store-error.ts";
import { firstThatWorks } from "../../sync/attempts.ts";
import { SyncFailure } from "../../sync/sync-failure.ts";
import { ExitCode, OperatorError } from "../../wire/operator-error.ts";
import { operatorActor } from "../actor.ts";
import { openStateLedger, stateFolder } from "../state.ts";
import type { StateOption } from "../state-option.ts";
import { count, formatTable, formatTime, printable, terminalWidth } from "../table.ts";
import { ImportReportFile } from "./import-report.ts";

export const SYNC_EXIT_CODES = `
Exit code 0 if all of it is in the vault, 1 if some rows were rejected or the source shows
this account no recovery passwords, 2 for wrong input, 3 if the certificate, host key or login
is refused, 4 if the server cannot be reached or the connection broke (trying again may help).`;

export function collect(value: string, before: readonly string[]): readonly string[] {
  return [...before, value];
}

/** What the ledger notes of the source itself. */
type SourceDetails = Pick<BodyOf<"vault.synced">, "base" | "server" | "file" | "size">;

/** A source that lets us in. */
export interface OpenSource {
  readonly rows: AsyncIterable<ExportItem>;
  /** Only what changed from then on is read; null: all of it. */
  readonly since: number | null;
  /** What the source has up to then is in the vault when the rows have ended. */
  readonly until: number;
  /** What else the ledger should know of it: the base, the file. Nothing secret. */
  readonly details: SourceDetails;
  /** Asked when the rows have ended: is what came all there is? */
  readonly check: () => Promise<SyncFailure | null>;
  readonly close: () => Promise<void>;
}

export interface LiveSource {
  /** Its name in the ledger, the vault and `escrow status`. */
  readonly source: string;
  readonly kind: Exclude<SourceKind, "import">;
  readonly open: (freshness: Freshness) => Promise<OpenSource>;
}

/** What became of a sync; `--json` prints it. */
interface SyncReport extends ImportReport {
  readonly kind: LiveSource["kind"];
  readonly complete: boolean;
  readonly failed: string | null;
  readonly since: number | null;
  readonly until: number | null;
}

export interface SyncOptions extends StateOption {
  readonly report?: string;
  readonly json?: boolean;
}

/**
 * Brings a live source's rows into the vault, sealed or not, and writes down what came of it: one `vault.synced`, also
 * for a sync that failed. What came before a failure stays. Throws OperatorError for a failure.
 */
export async function runSync(options: SyncOptions, live: LiveSource): Promise<void> {
  const vault = await openVault(stateFolder(options).vault, { clock: Date.now });
  try {
    const ledger = await openStateLedger(options, true);
    vault.bindLedger(ledger.ledgerId);
    try {
      await syncInto(vault, ledger, live, options);
    } finally {
      await ledger.close();
    }
  } finally {
    await vault.close();
  }
}

async function syncInto(vault: Vault, ledger: Ledger, live: LiveSource, options: SyncOptions): Promise<void> {
  const freshness = await readFreshness(ledger, vault.vaultId);
  const file = options.report === undefined ? null : new ImportReportFile(resolve(options.report));
  const stopping = new AbortController();
  let opened: OpenSource | null = null;
  const stop = () => {
    stopping.abort();
    // A source that hangs would hold up the stop, too.
    void opened?.close();
  };
  process.once("SIGINT", stop).once("SIGTERM", stop);
  let failure: OperatorError | null = null;
  let report: ImportReport = { source: live.source, ...NOTHING };
  try {
    opened = await live.open(freshness);
    const rows = untilFailure(opened.rows, (error) => {
      failure = error;
    });
    report = await importRows(rows, vault, {
      source: live.source,
      onProgress: showProgress,
      onFate: file === null ? undefined : (fate) => file.row(fate),
      stop: stopping.signal,
    });
    if (!report.stopped) failure ??= await opened.check();
  } catch (error) {
    if (!(error instanceof OperatorError)) throw error;
    failure = error;
  } finally {
    process.off("SIGINT", stop).off("SIGTERM", stop);
    await opened?.close();
    const incomplete = file?.close() ?? null;
    if (incomplete !== null) process.stderr.write(`${incomplete}\n`);
  }
  const stopped = stopping.signal.aborted;
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
  await record(ledger, vault.vaultId, outcome, details, stopped ? null : failure);
  finish(outcome, stopped ? null : failure, options);
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

async function record(
  ledger: Ledger,
  vaultId: string,
  {
    source,
    kind,
    deposited,
    present,
    superseded,
    rejected,
    conflicts,
    named,
    complete,
    failed,
    since,
    until,
  }: SyncReport,
  details: SourceDetails,
  failure: OperatorError | null,
): Promise<void> {
  const counts = { deposited, present, superseded, rejected, conflicts, named };
  const whole = { ...details, ...counts, complete, ...(failed !== null && { failed }), since, until };
  const act = { actor: operatorActor(), fresh: randomUUID() };
  try {
    await ledger.append(syncedEntry({ vaultId }, { source, kind, ...whole }, act));
  } catch (error) {
    // A full disk fails both; the first failure is the one to tell.
    throw failure ?? error;
  }
}

/** Where every source of this vault stands, from the whole ledger. */
export async function readFreshness(ledger: Ledger, vaultId: string): Promise<Freshness> {
  let freshness: Freshness = new Map();
  for (let seq = 0; ; ) {
    const entries = await ledger.read(seq, 2_000);
    if (entries.length === 0) return freshness;
    for (const entry of entries) freshness = foldFreshness(freshness, entry, vaultId);
    seq = entries.at(-1)!.seq;
  }
}

/** Asks the servers in order, again after a while if that may help, and says so while it goes. */
export function patiently<S, T>(
  servers: readonly S[],
  retries: string,
  attempt: (server: S) => Promise<T>,
): Promise<T> {
  if (!/^[0-9]$/.test(retries))
    throw new OperatorError("--retries takes a number from 0 to 9. Nothing was asked.", "Example: --retries 2");
  const delays = Array.from({ length: Number(retries) }, (_, round) => Math.min(2_000 * 4 ** round, 60_000));
  const onFailure = ({ message }: SyncFailure) => process.stderr.write(`${printable(message)} It is tried again.\n`);
  return firstThatWorks(servers, attempt, { delays, wait: (time) => sleep(time), onFailure });
}

function showProgress(rows: number): void {
  if (process.stderr.isTTY) process.stderr.write(`\r${rows} rows so far (Ctrl-C stops)`);
}

function finish(outcome: SyncReport, failure: OperatorError | null, options: SyncOptions): void {
  if (process.stderr.isTTY && outcome.rows > 0) process.stderr.write("\r\u001b[K");
  if (options.json) process.stdout.write(`${JSON.stringify(outcome)}\n`);
  else if (failure === null || outcome.rows > 0) process.stdout.write(describe(outcome));
  if (failure !== null) throw new OperatorError(`${failure.message} ${left(outcome)}`, failure.next, failure.exitCode);
  if (outcome.rejected > 0 || outcome.stopped) process.exitCode = ExitCode.negative;
}

function left({ rows, rejected }: SyncReport): string {
  if (rows - rejected === 0) return "The vault is as it was.";
  return `What came before that, ${count(rows - rejected, "recovery password")}, is in the vault; the rest is missing.`;
}

/** Nobody reads more of a journal. */
const MOST_SHOWN = 20;

function describe(outcome: SyncReport): string {
  const { source, rows, deposited, present, superseded, rejected, firstRejected, firstConflicts, since, until } =
    outcome;
  let text = "";
  if (rejected > 0) {
    const shown = firstRejected.slice(0, MOST_SHOWN);
    const lines = shown.map(({ file, line, protectorId, detail }) => [
      file === null ? String(line) : `${file}, line ${line}`,
      protectorId ?? "-",
      detail,
    ]);
    text += formatTable(["ROW", "KEY PROTECTOR ID", "WHY IT WAS REJECTED"], lines, terminalWidth());
    if (rejected > shown.length)
      text += `... and ${rejected - shown.length} more: name a file with --report for all.\n`;
    text += "\n";
  }
  for (const { protectorId, passwords } of firstConflicts.slice(0, MOST_SHOWN))
    text += `The vault has ${passwords} different passwords for ${protectorId}. The newest is tried first.\n`;
  if (outcome.stopped) text += `STOPPED after ${count(rows, "row")}. They stay; run it again for the rest.\n`;
  text += `${printable(source)}${since === null ? "" : `, changes since ${formatTime(since)}`}: ${count(rows, "row")}: `;
  text += `${deposited} deposited, ${present} already present, ${superseded} superseded, ${rejected} rejected.\n`;
  if (until !== null && outcome.complete) text += `The vault has what was there at ${formatTime(until)}.\n`;
  if (rejected > 0) text += "A device whose row was rejected cannot be rescued: look at it in the directory.\n";
  return text;
}
