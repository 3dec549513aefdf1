import { randomUUID } from "node:crypto";
import { writeSync } from "node:fs";
import { sealAndRecord } from "../escrow/record-seal.ts";
import type { Vault } from "../escrow/vault.ts";
import type { Ledger } from "../ledger/ledger.ts";
import type { StationLog } from "../server/log/station-log.ts";
import { type Notice, notice } from "../station/notice.ts";
import { ExitCode } from "../wire/operator-error.ts";
import { withoutPasswords } from "../wire/without-passwords.ts";

/** How long a station that crashed may take to write down that its vault is sealed. */
const LAST_ACT_MS = 2_000;

/**
 * Resolves at Ctrl-C or SIGTERM, from the moment it is called; a second one ends the process at once. `notMeant`: while
 * it is true, Ctrl-C means something else. A terminal that is closed (SIGHUP) stops no station.
 */
export function askedToStop(notMeant: () => boolean = () => false): Promise<void> {
  return new Promise((resolve) => {
    const stop = (signal: NodeJS.Signals) => {
      if (signal === "SIGINT" && notMeant()) return;
      process.off("SIGINT", stop).off("SIGTERM", stop);
      resolve();
    };
    process.on("SIGINT", stop).on("SIGTERM", stop);
  });
}

/** For a vault that is open while no station runs yet, or none any more: it is sealed, and the ledger has it. */
export async function sealAtOnce(vault: Vault, ledger: Ledger): Promise<void> {
  await sealAndRecord(ledger, vault, "stop", { actor: "station", fresh: randomUUID() });
}

/** What cannot go on with an open vault ends with a sealed one. */
export async function orSealed<T>(seal: () => Promise<void>, act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (error) {
    await seal().catch(() => {});
    throw error;
  }
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
