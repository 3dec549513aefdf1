import { createHmac, type KeyObject, randomBytes } from "node:crypto";
import type { DatabaseSync, SQLOutputValue, StatementSync } from "node:sqlite";
import type { RecoveryPassword } from "../bitlocker/recovery-password.ts";
import { Receipt } from "../ledger/ledger.ts";
import { storeFault } from "../ledger/store-error.ts";
import { openStoreFile, refuseExisting } from "../ledger/store-file.ts";
import { type Guid, guidFromBytes } from "../wire/guid.ts";
import { MalformedError } from "../wire/malformed.ts";
import { ExitCode, OperatorError } from "../wire/operator-error.ts";
import type { Secret } from "../wire/secret.ts";
import { parseRecipient } from "./age-x25519.ts";
import type { Deposit, Deposited, DeviceOfId, NewDeposit } from "./deposit.ts";
import { newIdentity, openIdentity, openRecord, sealRecord } from "./record.ts";
import { SQL, VAULT } from "./vault-file.ts";

/** One way to ask for deposits. `first8` is what a recovery screen shows: 8 hex digits, and all that fit come back. */
export type DepositQuery =
  | { readonly protectorId: Guid }
  | { readonly first8: string }
  | { readonly deviceName: string };

/** What a vault holds, counted without decrypting anything. */
export interface VaultStatus {
  readonly vaultId: string;
  /** The age recipient deposits are encrypted to. */
  readonly recipient: string;
  readonly createdAt: number;
  readonly sealed: boolean;
  readonly deposits: number;
  readonly protectors: number;
  readonly devices: number;
  readonly lastDepositAt: number | null;
  /** Key protector IDs with more than one password: one of them is stale or wrong, and only the device can tell. */
  readonly conflicts: readonly Guid[];
}

export interface VaultOptions {
  /** Milliseconds since 1970 UTC. */
  readonly clock: () => number;
  /** Unguessable bytes; the system's unless a test wants known ones. */
  readonly random?: (length: number) => Uint8Array;
}

/** Asked to open a deposit while sealed. */
export class VaultSealed extends OperatorError {
  constructor() {
    super("The vault is sealed: no recovery password was opened.", "Unseal it with its passphrase.", ExitCode.refused);
    this.name = "VaultSealed";
  }
}

/**
 * Makes a vault file (mode 0600) with a fresh age identity under `passphrase`. Refused if there is one at `path`. The
 * new vault is sealed. `workFactor` is log2 of scrypt's N: 18 takes about a second, and so does each guess.
 */
export async function createVault(
  path: string,
  options: VaultOptions & { readonly passphrase: Secret<string>; readonly workFactor?: number },
): Promise<Vault> {
  refuseExisting(path, VAULT);
  const { random = randomBytes } = options;
  const vaultId = guidFromBytes(random(16));
  const { recipient, sealedIdentity } = await newIdentity(vaultId, options.passphrase, options.workFactor ?? 18);
  const db = openStoreFile(path, VAULT, "new", (fresh) => {
    fresh.prepare(SQL.create).run(vaultId, options.clock(), recipient, random(32));
    fresh.prepare(SQL.addLock).run("passphrase", sealedIdentity, null, null, null, options.clock());
  });
  return new Vault(db, path, options);
}

/** Opens the vault file at `path`, sealed. Throws OperatorError if it is missing, something else, or damaged. */
export async function openVault(path: string, options: VaultOptions): Promise<Vault> {
  return new Vault(
    openStoreFile(path, VAULT, "never", () => {}),
    path,
    options,
  );
}

/** Recovery passwords at rest. Counting, finding and depositing need no passphrase; opening one needs a Receipt. */
export class Vault {
  readonly vaultId: string;
  readonly recipient: string;
  readonly #createdAt: number;
  readonly #fingerprintKey: Uint8Array;
  readonly #db: DatabaseSync;
  readonly #path: string;
  readonly #clock: () => number;
  readonly #random: (length: number) => Uint8Array;
  readonly #prepared = new Map<string, StatementSync>();
  #identity: Secret<string> | null = null;
  #recipientKey: KeyObject | null = null;

  /** For createVault and openVault. */
  constructor(db: DatabaseSync, path: string, options: VaultOptions) {
    this.#db = db;
    this.#path = path;
    this.#clock = options.clock;
    this.#random = options.random ?? randomBytes;
    const row = this.#get(SQL.vault);
    if (row === undefined) throw this.#damaged("it has lost its identity");
    this.vaultId = String(row.vaultId);
    this.recipient = String(row.recipient);
    this.#createdAt = Number(row.createdAt);
    this.#fingerprintKey = row.fingerprintKey as Uint8Array;
  }

  get sealed(): boolean {
    return this.#identity === null;
  }

  async deposit(deposit: NewDeposit): Promise<Deposited> {
    return (await this.depositAll([deposit]))[0]!;
  }

  /** All of them in one durable transaction. The same password for the same protector ID again is `present`. */
  async depositAll(deposits: readonly NewDeposit[]): Promise<Deposited[]> {
    const key = this.#recipient();
    const sealed = deposits.map((each) => {
      const fingerprint = this.#fingerprint(each.protectorId, each.password);
      const known = this.#get(SQL.present, each.protectorId, fingerprint) !== undefined;
      return { each, fingerprint, record: known ? "" : sealRecord(key, each.protectorId, each.password, this.#random) };
    });
    return this.#transaction(() => sealed.map(({ each, fingerprint, record }) => this.#put(each, fingerprint, record)));
  }

  /** Gives deposits of these device IDs their devices' names, in one transaction. How many had another, or none. */
  async nameDevices(devices: readonly DeviceOfId[]): Promise<number> {
    return this.#transaction(() => {
      const rename = this.#sql(SQL.nameDevice);
      return devices.reduce(
        (sum, { deviceId, deviceName }) => sum + Number(rename.run(deviceName, deviceId, deviceName).changes),
        0,
      );
    });
  }

  /** Deposits of these key protector IDs, newest first. */
  candidates(protectorIds: readonly Guid[]): Deposit[] {
    return this.#all(SQL.byProtectors, JSON.stringify(protectorIds));
  }

  /** Every deposit that fits, newest first. */
  find(query: DepositQuery): Deposit[] {
    if ("protectorId" in query) return this.candidates([query.protectorId]);
    if ("deviceName" in query) return this.#all(SQL.byDevice, query.deviceName);
    const first8 = query.first8.toUpperCase();
    return this.#all(SQL.byFirst8, first8, first8);
  }

  status(): VaultStatus {
    const { deposits, protectors, devices, lastDepositAt } = this.#get(SQL.counts)!;
    return {
      vaultId: this.vaultId,
      recipient: this.recipient,
      createdAt: this.#createdAt,
      sealed: this.sealed,
      deposits: Number(deposits),
      protectors: Number(protectors),
      devices: Number(devices),
      lastDepositAt: lastDepositAt === null ? null : Number(lastDepositAt),
      conflicts: this.#rows(SQL.conflicts).map((row) => row.protectorId as Guid),
    };
  }

  /** Takes about a second, wrong or right. Throws OperatorError if the vault's identity is damaged. */
  async unseal(passphrase: Secret<string>): Promise<"unsealed" | "wrong-passphrase"> {
    try {
      for (const lock of this.#rows(SQL.locks)) {
        if (lock.kind !== "passphrase") continue;
        const identity = await openIdentity(String(lock.identity), this.recipient, passphrase);
        if (identity === "wrong-passphrase") continue;
        this.#identity = identity;
        return "unsealed";
      }
      return "wrong-passphrase";
    } catch (error) {
      throw error instanceof MalformedError ? this.#damaged(error.what) : error;
    }
  }

  /** Drops the identity. Deposits still come in; none is opened until `unseal`. */
  seal(): void {
    this.#identity = null;
  }

  /**
   * The recovery password of one deposit, canonical text. `receipt` has to be the ledger's own for a `key.released` of
   * this very deposit, and for one written just now: each opening has an entry of its own. Throws VaultSealed; any
   * other receipt is a defect in the caller and throws too.
   */
  async open(depositId: string, receipt: Receipt): Promise<Secret<string>> {
    const own = Receipt.is(receipt) && receipt.body.type === "key.released" && receipt.body.depositId === depositId;
    if (!own) throw new Error(`deposit ${depositId} is opened only with the receipt of its own release`);
    if (receipt.repeated) throw new Error(`entry ${receipt.seq} has released deposit ${depositId} once already`);
    if (this.#identity === null) throw new VaultSealed();
    const row = this.#get(SQL.record, depositId);
    if (row === undefined) throw new Error(`there is no deposit ${depositId}`);
    try {
      return await openRecord(String(row.record), this.#identity, row.protectorId as Guid);
    } catch (error) {
      throw error instanceof MalformedError ? this.#damaged(error.what) : error;
    }
  }

  async close(): Promise<void> {
    this.seal();
    if (this.#db.isOpen) this.#db.close();
  }

  #put(each: NewDeposit, fingerprint: string, record: string): Deposited {
    const known = this.#get(SQL.present, each.protectorId, fingerprint);
    const { n, newest } = this.#get(SQL.ofProtector, each.protectorId)!;
    const { protectorId, deviceName, directory, source, deviceId, volumeType, createdAt } = each;
    if (known !== undefined) {
      const depositId = String(known.depositId);
      this.#sql(SQL.rename).run(deviceName, directory, deviceId, volumeType, createdAt, depositId);
      return { is: "present", depositId, others: Number(n) - 1 };
    }
    const depositId = guidFromBytes(this.#random(16));
    const now = this.#clock();
    const plain = [depositId, protectorId, deviceName, directory, source, now, deviceId, volumeType, createdAt];
    this.#sql(SQL.deposit).run(...plain, fingerprint, record);
    const is = newest !== null && Number(newest) > (createdAt ?? now) ? "superseded" : "deposited";
    return { is, depositId, others: Number(n) };
  }

  #recipient(): KeyObject {
    try {
      this.#recipientKey ??= parseRecipient(this.recipient);
      return this.#recipientKey;
    } catch (error) {
      throw error instanceof MalformedError ? this.#damaged("its recipient is not one") : error;
    }
  }

  // Tells "the same password again" from "another one" while the vault is sealed. A recovery password is 128 random
  // bits, so a keyed hash of it gives a thief nothing to try.
  #fingerprint(protectorId: Guid, password: RecoveryPassword): string {
    const hmac = createHmac("sha256", this.#fingerprintKey);
    return hmac.update(protectorId).update(password.key.reveal()).digest("hex");
  }

  #transaction<T>(act: () => T): T {
    try {
      this.#db.exec("BEGIN IMMEDIATE");
      const result = act();
      this.#db.exec("COMMIT");
      return result;
    } catch (error) {
      if (this.#db.isTransaction) this.#db.exec("ROLLBACK");
      throw storeFault(error, VAULT.name, this.#path);
    }
  }

  #sql(text: string): StatementSync {
    const known = this.#prepared.get(text) ?? this.#db.prepare(text);
    this.#prepared.set(text, known);
    return known;
  }
  #get(text: string, ...values: string[]): Record<string, SQLOutputValue> | undefined {
    return this.#rows(text, ...values)[0];
  }
  #all(text: string, ...values: string[]): Deposit[] {
    return this.#rows(text, ...values).map((row) => ({ ...row }) as unknown as Deposit);
  }
  #rows(text: string, ...values: string[]): Record<string, SQLOutputValue>[] {
    try {
      return this.#sql(text).all(...values);
    } catch (error) {
      throw storeFault(error, VAULT.name, this.#path);
    }
  }

  #damaged(what: string): OperatorError {
    return new OperatorError(
      `The vault ${this.#path} is damaged: ${what}.`,
      "Keep it as it is, and use the last good copy or import the export again into a new vault.",
      ExitCode.negative,
    );
  }
}
