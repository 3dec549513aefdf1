import { randomUUID } from "node:crypto";
import { resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { readFreshness } from "../../escrow/freshness.ts";
import type { RowFate } from "../../escrow/import.ts";
import { openVault } from "../../escrow/vault.ts";
import { firstThatWorks } from "../../sync/attempts.ts";
import type { LiveSource } from "../../sync/live-source.ts";
import type { SyncFailure } from "../../sync/sync-failure.ts";
import { type Stores, type Synced, type SyncReport, syncLive } from "../../sync/sync-live.ts";
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

export interface SyncOptions extends StateOption {
  readonly report?: string;
  readonly json?: boolean;
}

/** Brings what a live source has into the vault, and says what came of it. Throws OperatorError for a failure. */
export async function runSync(options: SyncOptions, live: LiveSource): Promise<void> {
  const vault = await openVault(stateFolder(options).vault, { clock: Date.now });
  try {
    const ledger = await openStateLedger(options, true);
    vault.bindLedger(ledger.ledgerId);
    try {
      const { report, failure } = await syncAtTerminal({ vault, ledger }, live, options);
      finish(report, failure, options);
    } finally {
      await ledger.close();
    }
  } finally {
    await vault.close();
  }
}

/** Ctrl-C ends it at a row. */
async function syncAtTerminal(stores: Stores, live: LiveSource, options: SyncOptions): Promise<Synced> {
  const freshness = await readFreshness(stores.ledger, stores.vault.vaultId);
  const file = options.report === undefined ? null : new ImportReportFile(resolve(options.report));
  const stopping = new AbortController();
  const stop = () => stopping.abort();
  process.once("SIGINT", stop).once("SIGTERM", stop);
  const watch = {
    onProgress: showProgress,
    onFate: file === null ? undefined : (fate: RowFate) => file.row(fate),
    stop: stopping.signal,
    onEnd: () => {
      process.off("SIGINT", stop).off("SIGTERM", stop);
      const incomplete = file?.close() ?? null;
      if (incomplete !== null) process.stderr.write(`${incomplete}\n`);
    },
  };
  return await syncLive(stores, live, freshness, watch, { actor: operatorActor(), fresh: randomUUID() });
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
