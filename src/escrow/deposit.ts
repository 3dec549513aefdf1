import type { RecoveryPassword } from "../bitlocker/recovery-password.ts";
import type { Guid } from "../wire/guid.ts";

/** BitLocker's kinds of volume, as Microsoft Graph numbers them: 1, 2, 3. */
export type VolumeType = "os" | "fixed" | "removable";

/** What an export says of a recovery password beside the password; null where it does not say. */
interface DepositOrigin {
  /** As the directory spells it. */
  readonly deviceName: string | null;
  /** Where the directory export says it comes from: `ActiveDirectory`, `Entra`. */
  readonly directory: string | null;
  /** The directory's own ID of the device (Entra's deviceId): names can be joined by it later. */
  readonly deviceId: string | null;
  /** The device's serial number. */
  readonly serial?: string | null;
  /**
   * What the export says of the key protector ID where that is not the whole of it: its first 8 characters, upper case,
   * or "" for nothing. Such a password is its device's, and its `protectorId` in the vault only stands in for the true one.
   */
  readonly partialId?: string | null;
  readonly volumeType: VolumeType | null;
  /** When the directory says it was escrowed, milliseconds since 1970 UTC. */
  readonly createdAt: number | null;
  /** The import it came with: a file's name without its folder. */
  readonly source: string;
}

/** What is known of one escrowed recovery password without unsealing the vault. */
export interface Deposit extends DepositOrigin {
  /** A GUID of random bytes; the ledger names the deposit by it. */
  readonly depositId: string;
  readonly protectorId: Guid;
  /** Milliseconds since 1970 UTC. */
  readonly depositedAt: number;
}

/** The directory's ID of a device, and its name there. */
export interface DeviceOfId {
  readonly deviceId: string;
  readonly deviceName: string;
}

/** A recovery password on its way into the vault. */
export interface NewDeposit extends DepositOrigin {
  /** Null where `partialId` says what is known of it. */
  readonly protectorId: Guid | null;
  readonly password: RecoveryPassword;
}

/**
 * What became of a NewDeposit. `superseded`: kept as well, but the vault has a newer password for the same key protector
 * ID, which is tried first. `others`: deposits of the same key protector ID with a different password, kept too.
 */
export interface Deposited {
  readonly is: "deposited" | "present" | "superseded";
  readonly depositId: string;
  readonly others: number;
}
