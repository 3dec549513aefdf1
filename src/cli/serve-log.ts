import { existsSync, writeSync } from "node:fs";
import { StationLog } from "../server/log/station-log.ts";
import { type Notice, notice } from "../station/notice.ts";
import { ExitCode } from "../wire/operator-error.ts";
import { withoutPasswords } from "../wire/without-passwords.ts";
import { outputCause } from "./output.ts";
import type { StateFolder } from "./state.ts";

const COUNTERS_MS = 60_000;
/** How long a station that crashed may take to write down that its vault is sealed. */
const LAST_ACT_MS = 2_000;

/** The log of a station in its state folder. `show` has what is wrong with the log itself. */
export function openServeLog(
  { log: folder }: StateFolder,
  options: { readonly logText?: boolean },
  show: (notice: Notice) => void,
): StationLog {
  return new StationLog({
    ...{ folder, text: options.logText === true, now: Date.now },
    onTrouble: (code) => show(notice("log-lost", "machine", { folder, why: outputCause(code) })),
    onBack: (lines) => show(notice("log-back", "machine", { lines })),
  });
}

/** Runs a station. What keeps it from starting, or ends it, is logged; a folder without a vault gets no log. */
export async function withLog(log: StationLog, { vault }: StateFolder, run: () => Promise<void>): Promise<void> {
  try {
    await run();
  } catch (error) {
    if (existsSync(vault)) log.line({ level: "error", reason: "not-started", text: (error as Error).message });
    throw error;
  } finally {
    log.close();
  }
}

/** A line in the log of the station that runs, about what another process of its owner tried. */
export function noteUnsealFailed(folder: string, text: string): void {
  const log = new StationLog({ folder, text: false, now: Date.now });
  log.line({ level: "warning", reason: "unseal-failed", text });
  log.close();
}

/** The counters of a station in its log, each minute, until it is closed. */
export function logCounters(log: StationLog, counters: () => object): { close(): void } {
  const note = () => log.line({ level: "info", reason: "counters", text: "what was asked so far", ...counters() });
  const noting = setInterval(note, COUNTERS_MS);
  return {
    close() {
      clearInterval(noting);
      log.line({ level: "info", reason: "station.stopped", text: "the station has stopped", ...counters() });
    },
  };
}

/** A defect is logged with its stack, the vault is sealed, and the process ends with 70. */
export function endOnCrash(log: StationLog, seal: () => Promise<void>): void {
  let crashed = false;
  process.on("uncaughtException", (error, origin) => {
    log.crash(error, origin);
    if (crashed) return;
    crashed = true;
    try {
      writeSync(2, `breakglass: A defect: ${withoutPasswords(String(error?.stack ?? error))}\n  next: ${REPORT}\n`);
    } catch {}
    const end = () => process.exit(ExitCode.defect);
    setTimeout(end, LAST_ACT_MS);
    seal().then(end, end);
  });
}

const REPORT = "Please report it, with the file that 'breakglass support-bundle' makes, and start the station again.";

/** Says it when the terminal goes, until it is closed. */
export function sayHangUp(tell: (notice: Notice) => void): { close(): void } {
  const onHangUp = () => tell(notice("terminal-gone", "station", { pid: process.pid }));
  process.on("SIGHUP", onHangUp);
  return { close: () => process.off("SIGHUP", onHangUp) };
}
