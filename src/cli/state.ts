import { chmodSync, existsSync, mkdirSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { ledgerOfVault, VAULT_FILE } from "../escrow/vault-file.ts";
import type { Ledger } from "../ledger/ledger.ts";
import { LEDGER_FILE, openLedger } from "../ledger/open-ledger.ts";
import { storedValue } from "../ledger/store-file.ts";
import { ExitCode, OperatorError } from "../wire/operator-error.ts";
import { pasteable, stateFolderOf } from "./next-step.ts";
import { fileCause } from "./read-file.ts";
import { refuseWrongFolder } from "./state-folder.ts";
import type { StateOption } from "./state-option.ts";
import { whyNotWritable } from "./writable-folder.ts";

/** The files a station keeps, all in one folder that only its owner may enter. */
export interface StateFolder {
  readonly folder: string;
  readonly vault: string;
  readonly ledger: string;
  /** Where a running station takes what opens its vault. */
  readonly unsealSocket: string;
  readonly caCertificate: string;
  readonly caKey: string;
  /** The station's Ed25519 key, which signs checkpoints. */
  readonly signingKey: string;
  /** The station's log: JSON lines. */
  readonly log: string;
  /** Where checkpoints are kept, one file each. */
  readonly checkpoints: string;
}

/**
 * The state folder of `--state`, $BREAKGLASS_STATE or ~/.breakglass, in that order. With `create` it is made, mode
 * 0700. Refused if it is something else, or if others on this machine may look into it.
 */
export function stateFolder(options: StateOption, create = false): StateFolder {
  const folder = stateFolderOf(options.state);
  refuseWrongFolder(folder, create);
  if (create) makeFolder(folder);
  return {
    folder,
    vault: join(folder, VAULT_FILE),
    ledger: join(folder, LEDGER_FILE),
    unsealSocket: join(folder, "unseal.socket"),
    caCertificate: join(folder, "station-ca.pem"),
    caKey: join(folder, "station-ca.key"),
    signingKey: join(folder, "station-signing.key"),
    log: join(folder, "log"),
    checkpoints: join(folder, "checkpoints"),
  };
}

/**
 * The ledger in the state folder, with this machine's name and clock. Without `create`, it has to be there. Refused if
 * the vault beside it belongs to another ledger; with `foreign` "say", that is only said: a halt must not wait for it.
 */
export async function openStateLedger(
  options: StateOption,
  create = false,
  foreign: "refuse" | "say" | "allow" = "refuse",
): Promise<Ledger> {
  const { ledger: path, vault } = stateFolder(options, create);
  const bound = foreign === "allow" ? null : ledgerOfVault(vault);
  if (bound !== null && foreign === "refuse" && !existsSync(path)) throw lostLedger(vault, bound, "it is gone");
  const ledger = await openLedger(path, { station: hostname(), clock: Date.now, create });
  if (bound === null || ledger.ledgerId === bound) return ledger;
  const lost = lostLedger(vault, bound, `what is there now is ledger ${ledger.ledgerId}`);
  if (foreign === "say") say(lost);
  else {
    await ledger.close();
    throw lost;
  }
  return ledger;
}

/** For verbs that only read: says so if the vault belongs to another ledger than the one beside it, or to a lost one. */
export function sayForeignLedger(options: StateOption): void {
  const { ledger, vault } = stateFolder(options);
  const bound = ledgerOfVault(vault);
  const present = storedValue(ledger, "SELECT ledgerId FROM ledger");
  // One that is there and cannot be read is not gone: what opens it next says why.
  if (bound === null || bound === present || (present === null && existsSync(ledger))) return;
  say(lostLedger(vault, bound, present === null ? "it is gone" : `what is there now is ledger ${present}`));
}

function say({ message, next }: OperatorError): void {
  process.stderr.write(`breakglass: ${message}\n  next: ${pasteable(next)}\n`);
}

/** A new ledger knows nothing of what was released, halted and counted before. */
function lostLedger(vault: string, bound: string, now: string): OperatorError {
  return new OperatorError(
    `The vault ${vault} belongs to ledger ${bound}, and ${now}. Nothing was changed.`,
    `Put that ledger back (${LEDGER_FILE} and, if they are there, its -wal and -shm). If it is lost for good: breakglass escrow adopt-ledger`,
    ExitCode.refused,
  );
}

/** The ledger in the state folder for looking at, even one whose end was changed; it is closed afterwards. */
export async function withStateLedger<T>(options: StateOption, act: (ledger: Ledger) => Promise<T>): Promise<T> {
  const { ledger: path } = stateFolder(options);
  sayForeignLedger(options);
  const ledger = await openLedger(path, { station: hostname(), clock: Date.now, evenIfBroken: true });
  try {
    return await act(ledger);
  } finally {
    await ledger.close();
  }
}

/** The same where there may be none, as beside a vault that was copied here alone: then it is said, and `none` is the answer. */
export async function withStateLedgerIfAny<T>(
  options: StateOption,
  none: T,
  act: (ledger: Ledger) => Promise<T>,
): Promise<T> {
  if (existsSync(stateFolder(options).ledger)) return await withStateLedger(options, act);
  sayForeignLedger(options);
  return none;
}

function makeFolder(folder: string): void {
  try {
    // The umask takes bits away from mkdir's mode, and a folder that was made is ours to open up to its owner.
    if (mkdirSync(folder, { recursive: true, mode: 0o700 }) !== undefined) chmodSync(folder, 0o700);
  } catch (error) {
    throw new OperatorError(
      `The folder ${folder} cannot be made: ${whyNotWritable(folder) ?? fileCause(error)}.`,
      "Name another folder with --state.",
      ExitCode.environment,
    );
  }
}
