import { existsSync } from "node:fs";
import { StationLog } from "../server/log/station-log.ts";
import { type Notice, notice } from "../station/notice.ts";
import { outputCause } from "./output.ts";
import type { StateFolder } from "./state.ts";

const COUNTERS_MS = 60_000;

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
