import { ExitCode, OperatorError } from "../wire/operator-error.ts";

/** Why a live source gave nothing, or not all. The same word stands in the ledger and in `escrow status`. */
export type SyncReason =
  | "unreachable"
  | "timed-out"
  | "connection-lost"
  | "busy"
  | "certificate-not-trusted"
  | "encryption-refused"
  | "login-refused"
  | "no-base"
  | "directory-refused"
  | "no-permission"
  | "host-key-unknown"
  | "host-key-changed"
  | "no-file"
  | "file-changed"
  | "not-an-export"
  | "cut-off"
  | "server-error";

/** Whether asking again can help: never, only at another server, or there as well as here a little later. */
type Again = "never" | "elsewhere" | "later";

const SAYS: Readonly<Record<SyncReason, readonly [exitCode: ExitCode, again: Again]>> = {
  unreachable: [ExitCode.environment, "later"],
  "timed-out": [ExitCode.environment, "later"],
  "connection-lost": [ExitCode.environment, "later"],
  busy: [ExitCode.environment, "later"],
  "certificate-not-trusted": [ExitCode.refused, "elsewhere"],
  "encryption-refused": [ExitCode.refused, "elsewhere"],
  // Once more with the same password may lock the account, at this domain controller or at the next.
  "login-refused": [ExitCode.refused, "never"],
  "no-base": [ExitCode.badInput, "never"],
  "directory-refused": [ExitCode.negative, "elsewhere"],
  "no-permission": [ExitCode.negative, "never"],
  "host-key-unknown": [ExitCode.refused, "never"],
  "host-key-changed": [ExitCode.refused, "never"],
  "no-file": [ExitCode.badInput, "never"],
  "file-changed": [ExitCode.environment, "never"],
  "not-an-export": [ExitCode.negative, "never"],
  "cut-off": [ExitCode.negative, "never"],
  "server-error": [ExitCode.environment, "elsewhere"],
};

/** A live source failed, in words for the operator. `message` names the server and never a password. */
export class SyncFailure extends OperatorError {
  readonly reason: SyncReason;
  readonly again: Again;

  constructor(reason: SyncReason, message: string, next: string) {
    const [exitCode, again] = SAYS[reason];
    super(message, next, exitCode);
    this.name = "SyncFailure";
    this.reason = reason;
    this.again = again;
  }
}
