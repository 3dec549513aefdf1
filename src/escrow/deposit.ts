import type { RecoveryPassword } from "../bitlocker/recovery-password.ts";
import type { Guid } from "../wire/guid.ts";

/** What is known of one escrowed recovery password without unsealing the vault. */
export interface Deposit {
  /** A GUID of random bytes; the ledger names the deposit by it. */
  readonly depositId: string;
  readonly protectorId: Guid;
  /** As the directory spells it; null if the source did not say. */
  readonly deviceName: string | null;
  /** Where the directory export says it comes from: `ActiveDirectory`, `Entra`; null if it did not say. */
  readonly directory: string | null;
  /** The import it came with: a file's name without its folder. */
  readonly source: string;
  /** Milliseconds since 1970 UTC. */
  readonly depositedAt: number;
}

/** A recovery password on its way into the vault. */
export interface NewDeposit {
  readonly protectorId: Guid;
  readonly password: RecoveryPassword;
  readonly deviceName: string | null;
  readonly directory: string | null;
  readonly source: string;
}

/** What became of a NewDeposit. `others`: deposits of the same key protector ID with a different password, kept too. */
export interface Deposited {
  readonly is: "deposited" | "present";
  readonly depositId: string;
  readonly others: number;
}
