import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { type Checkpoint, checkpointJson, parseCheckpoint } from "../ledger/checkpoint.ts";
import type { Ledger } from "../ledger/ledger.ts";
import { signHead } from "../ledger/sign-head.ts";
import { type Notice, notice, noticeText } from "../station/notice.ts";
import { MalformedError } from "../wire/malformed.ts";
import { ExitCode, OperatorError } from "../wire/operator-error.ts";
import { operatorActor } from "./actor.ts";
import { fileCause, writeCause } from "./read-file.ts";
import { ownedAsItsFolder, stationKey } from "./signing-key.ts";
import { openStateLedger, type StateFolder, stateFolder } from "./state.ts";
import type { StateOption } from "./state-option.ts";

/** A checkpoint and the file it is in. */
interface MadeCheckpoint {
  readonly checkpoint: Checkpoint;
  readonly file: string;
}

/** Signs the ledger's head and keeps the checkpoint in the state folder. */
export async function makeCheckpoint(folder: StateFolder, ledger: Ledger): Promise<MadeCheckpoint> {
  const signer = { station: hostname(), actor: operatorActor(), at: Date.now(), by: process.pid };
  const { checkpoint, kept: file } = await signHead(ledger, { key: stationKey(folder.signingKey), ...signer }, (made) =>
    keep(folder.checkpoints, made),
  );
  return { checkpoint, file };
}

/**
 * The same at the end of a station's day and at a halt, told in one line. What keeps it from being made is told, too, and
 * stops nothing: a halt that was written has happened.
 */
export async function automaticCheckpoint(folder: StateFolder, ledger: Ledger): Promise<Notice> {
  return told(() => makeCheckpoint(folder, ledger));
}

/** For a verb that has closed the ledger again. */
export async function checkpointAtHalt(options: StateOption): Promise<string> {
  const made = await told(async () => {
    const ledger = await openStateLedger(options);
    try {
      return await makeCheckpoint(stateFolder(options), ledger);
    } finally {
      await ledger.close();
    }
  });
  return noticeText(made);
}

async function told(make: () => Promise<MadeCheckpoint>): Promise<Notice> {
  try {
    const { seq, hash } = (await make()).checkpoint;
    return notice("checkpoint-made", "ledger", { seq, hash });
  } catch (error) {
    if (!(error instanceof OperatorError)) throw error;
    return notice("checkpoint-not-made", "ledger", { message: error.message });
  }
}

function keep(folder: string, checkpoint: Checkpoint): string {
  const file = join(folder, `checkpoint-${checkpoint.seq}-${checkpoint.hash.slice(0, 8)}.json`);
  // Two processes may sign one head at the same moment: neither takes the other's unfinished file away.
  const unfinished = `${file}.${process.pid}.new`;
  try {
    if (mkdirSync(folder, { recursive: true, mode: 0o700 }) !== undefined) ownedAsItsFolder(folder);
    rmSync(unfinished, { force: true });
    writeFileSync(unfinished, checkpointJson(checkpoint), { mode: 0o600, flag: "wx", flush: true });
    ownedAsItsFolder(unfinished);
    renameSync(unfinished, file);
    return file;
  } catch (error) {
    throw new OperatorError(
      `The checkpoint ${file} cannot be written: ${writeCause(error)}.`,
      "Make room there, or run as the user who owns the folder.",
      ExitCode.environment,
    );
  }
}

/** A checkpoint that was read, and where from; a file that holds none says why. */
export interface ReadCheckpoint {
  readonly source: string;
  readonly checkpoint: Checkpoint | string;
}

/** All checkpoints in a folder, by name. Without `named`, a folder that is not there holds none. */
export function readCheckpoints(folder: string, named: boolean): ReadCheckpoint[] {
  if (!named && statSync(folder, { throwIfNoEntry: false }) === undefined) return [];
  try {
    const names = readdirSync(folder).filter((name) => name.endsWith(".json"));
    return names.sort().map((name) => readCheckpoint(join(folder, name)));
  } catch (error) {
    if (error instanceof OperatorError) throw error;
    throw unreadable(`The folder ${folder}`, error);
  }
}

/** The checkpoint in a file, as JSON or as the text of its QR code. */
export function readCheckpoint(file: string): ReadCheckpoint {
  try {
    return { source: file, checkpoint: parseCheckpoint(readFileSync(file, "utf8")) };
  } catch (error) {
    if (error instanceof MalformedError) return { source: file, checkpoint: error.what };
    throw unreadable(`The checkpoint ${file}`, error);
  }
}

function unreadable(what: string, error: unknown): OperatorError {
  return new OperatorError(
    `${what} cannot be read: ${fileCause(error)}. Nothing was checked.`,
    "Name a checkpoint's file, or the text of its QR code in quotation marks: BGCP1:...",
  );
}
