import { ExitCode, OperatorError } from "../wire/operator-error.ts";

/** Why a ledger or vault file did not take or give what was asked. */
export type StoreFault =
  | "full"
  | "busy"
  | "read-only"
  | "access"
  | "storage"
  | "damaged"
  | "not-a-store"
  | "not-understood";

const SAYS: Readonly<Record<StoreFault, readonly [what: string, next: string]>> = {
  full: [
    "has no room to grow: the disk is full, and nothing was written",
    "Free some space on that disk, then try again.",
  ],
  busy: [
    "is locked by another process, and nothing was written",
    "Wait for the other breakglass command, or look for one that hangs, then try again.",
  ],
  "read-only": [
    "is on a disk that takes no writes (read-only), and nothing was written",
    "Make the disk writable (mount -o remount,rw), or copy the whole state folder to another disk and name that with --state.",
  ],
  access: [
    "cannot be opened for reading and writing by this user",
    "Run the same command as the user who owns it, with sudo if that is root.",
  ],
  storage: [
    "could not be written or read: the disk reports an error, and what was being written counts as not written",
    "Check the disk (cable, stick, system log), keep a copy of the file, then start breakglass again.",
  ],
  damaged: [
    "is damaged",
    "Keep it as it is, and work on from the last good copy. As long as it opens, `breakglass ledger verify` says how far a ledger holds.",
  ],
  "not-understood": [
    "has an entry that this version does not understand, so nothing was decided and nothing was changed",
    "Use the newer breakglass that wrote it. If you do not have it: breakglass ledger verify, and breakglass ledger show.",
  ],
  "not-a-store": ["is something else, and was left untouched", "Name the right folder with --state."],
};

const EXITS: Partial<Record<StoreFault, ExitCode>> = {
  damaged: ExitCode.negative,
  "not-a-store": ExitCode.badInput,
  "not-understood": ExitCode.badInput,
};

/** A store file failed. `fault` is the reason word; the message says what it means for what was asked. */
export class StoreError extends OperatorError {
  readonly fault: StoreFault;

  constructor(fault: StoreFault, name: string, path: string, detail: string, options?: ErrorOptions) {
    const [what, next] = SAYS[fault];
    super(`The ${name} ${path} ${what} (${detail}).`, next, EXITS[fault] ?? ExitCode.environment);
    this.name = "StoreError";
    this.fault = fault;
    if (options?.cause !== undefined) this.cause = options.cause;
  }
}
