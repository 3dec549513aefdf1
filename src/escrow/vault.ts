import { type KeyObject, randomBytes } from "node:crypto";
import { bareName } from "../fleet/device-name.ts";
import { Receipt } from "../ledger/ledger.ts";
import { type Database, openStoreFile, refuseExisting } from "../ledger/store-file.ts";
import { type Guid, guidFromBytes } from "../wire/guid.ts";
import { MalformedError } from "../wire/malformed.ts";
import { ExitCode, OperatorError } from "../wire/operator-error.ts";
import type { Secret } from "../wire/secret.ts";
import { parseRecipient } from "./age-x25519.ts";
import type { Deposit, Deposited, DeviceOfId, NewDeposit } from "./deposit.ts";
import { type DepositQuery, pagesOf, questionOf } from "./deposit-query.ts";
import { fingerprintOf, standInFor } from "./fingerprint.ts";
import { Locks } from "./locks/lock.ts";
import type { Share } from "./locks/share.ts";
import { belongs, newIdentity, openRecord, sealRecord } from "./record.ts";
import { SQL, VAULT } from "./vault-file.ts";
import { VaultStore } from "./vault-store.ts";

export type { DepositQuery } from "./deposit-query.ts";

/** The ledger entries whose receipts open a deposit. */

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

interface VaultOptions {
  /** Milliseconds since 1970 UTC. */
  readonly clock: () => number;
  /** Unguessable bytes; the system's unless a test wants known ones. */
  readonly random?: (length: number) => Uint8Array;
}

/** Asked to open a deposit while sealed. */
export class VaultSealed extends OperatorError {
  constructor() {
    super(
      "The vault is sealed: no recovery password was opened.",
      "Unseal it with its passphrase or its custodians.",
      ExitCode.refused,
    );
    this.name = "VaultSealed";
  }
}

/**
 * Makes a vault file (mode 0600) with a fresh age identity under `passphrase`. Refused if there is one at `path`. The
 * new vault is sealed. `workFactor` is log2 of scrypt's N: 18 takes about a second, and so does each guess.
 */
export async function createVault(
  path: string,
  options: VaultOptions & {
    readonly passphrase: Secret<string>;
    readonly workFactor?: number;
    /** The ledger its releases will be entries of. */
    readonly ledgerId?: string;
  },
): Promise<Vault> {
  refuseExisting(path, VAULT);
  const { random = randomBytes } = options;
  const vaultId = guidFromBytes(random(16));
  const { recipient, sealedIdentity } = await newIdentity(vaultId, options.passphrase, options.workFactor ?? 18);
  const db = openStoreFile(path, VAULT, "new", (fresh) => {
    fresh.prepare(SQL.create).run(vaultId, options.clock(), recipient, random(32), options.ledgerId ?? null);
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
  readonly locks: Locks;
  readonly #createdAt: number;
  readonly #fingerprintKey: Uint8Array;
  readonly #store: VaultStore;
  readonly #clock: () => number;
  readonly #random: (length: number) => Uint8Array;
  #identity: Secret<string> | null = null;
  #recipientKey: KeyObject | null = null;

  /** For createVault and openVault. */
  constructor(db: Database, path: string, options: VaultOptions) {
    this.#store = new VaultStore(db, path);
    this.#clock = options.clock;
    this.#random = options.random ?? randomBytes;
    const row = this.#store.get(SQL.vault);
    if (row === undefined) throw this.#store.damaged("it has lost its identity");
    this.vaultId = String(row.vaultId);
    this.recipient = String(row.recipient);
    this.#createdAt = Number(row.createdAt);
    this.#fingerprintKey = row.fingerprintKey as Uint8Array;
    this.locks = new Locks(db, path, this.vaultId, this.recipient);
  }

  /** The ledger this vault belongs to; null in a file from before vaults knew. */
  get ledgerId(): string | null {
    return (this.#store.get(SQL.vault)?.ledgerId ?? null) as string | null;
  }

  /** From now on its releases are entries of this ledger. */
  bindLedger(ledgerId: string): void {
    if (this.ledgerId !== ledgerId) this.#store.transaction(() => this.#store.sql(SQL.setLedger).run(ledgerId));
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
    const sealed = deposits.map((asked) => {
      const protectorId = asked.protectorId ?? standInFor(this.#fingerprintKey, asked);
      const each = { ...asked, protectorId };
      const fingerprint = fingerprintOf(this.#fingerprintKey, each.protectorId, each.password);
      const known = this.#store.get(SQL.present, each.protectorId, fingerprint) !== undefined;
      return { each, fingerprint, record: known ? "" : sealRecord(key, each.protectorId, each.password, this.#random) };
    });
    return this.#store.transaction(() =>
      sealed.map(({ each, fingerprint, record }) => this.#put(each, fingerprint, record)),
    );
  }

  /** Gives deposits of these device IDs their devices' names, in one transaction. How many had another, or none. */
  async nameDevices(devices: readonly DeviceOfId[]): Promise<number> {
    return this.#store.transaction(() => {
      const rename = this.#store.sql(SQL.nameDevice);
      return devices.reduce(
        (sum, { deviceId, deviceName }) => sum + Number(rename.run(deviceName, deviceId, deviceName).changes),
        0,
      );
    });
  }

  /** Deposits of these key protector IDs, newest first. */
  candidates(protectorIds: readonly Guid[]): Deposit[] {
    return this.#deposits(SQL.byProtectors, JSON.stringify(protectorIds));
  }

  /** Deposits without a whole key protector ID that may be this device's, newest first. Whether they are is for a release to decide. */
  ofDevice(name: string | null, serial: string | null): Deposit[] {
    if (name === null && serial === null) return [];
    return this.#deposits(SQL.partial, bareName(name ?? ""), serial ?? "");
  }

  /** Every deposit that fits, newest first. */
  find(query: DepositQuery): Deposit[] {
    return this.#deposits(...questionOf(query));
  }

  /** Every deposit in the order they came; each going through it reads a page at a time, and holds up no import. */
  all(): Iterable<Deposit> {
    return { [Symbol.iterator]: () => pagesOf((after) => this.#store.rows(SQL.page, after)) };
  }

  status(): VaultStatus {
    const { deposits, protectors, devices, lastDepositAt } = this.#store.get(SQL.counts)!;
    return {
      vaultId: this.vaultId,
      recipient: this.recipient,
      createdAt: this.#createdAt,
      sealed: this.sealed,
      deposits: Number(deposits),
      protectors: Number(protectors),
      devices: Number(devices),
      lastDepositAt: lastDepositAt === null ? null : Number(lastDepositAt),
      conflicts: this.#store.rows(SQL.conflicts).map((row) => row.protectorId as Guid),
    };
  }

  /** Takes about a second, wrong or right. Throws OperatorError if the vault's identity is damaged. */
  async unseal(passphrase: Secret<string>): Promise<"unsealed" | "wrong-passphrase"> {
    return this.#hold(await this.#undamaged(this.locks.openByPassphrase(passphrase)));
  }

  /** With as many shares of one set as its threshold asks for. */
  async unsealByShares(shares: readonly Share[]): Promise<"unsealed" | "shares-do-not-combine"> {
    return this.#hold(await this.#undamaged(this.locks.openByShares(shares)));
  }

  /** With the identity itself, as another process of this station opened it. */
  async unsealWith(identity: Secret<string>): Promise<"unsealed" | "of-another-vault"> {
    const own = await belongs(identity, this.recipient).catch(() => false);
    return this.#hold(own ? identity : "of-another-vault");
  }

  /** The identity, for changing locks, checking records and handing over to the station. Throws VaultSealed. */
  heldIdentity(): Secret<string> {
    if (this.#identity === null) throw new VaultSealed();
    return this.#identity;
  }

  /** Drops the identity. Deposits still come in; none is opened until `unseal`. */
  seal(): void {
    this.#identity = null;
  }

  /**
   * The recovery password of one deposit, canonical text. `receipt` has to be the ledger's own for a `key.released` or
   * `key.released-by-hand` of this very deposit, and for one written just now: each opening has an entry of its own.
   * Throws VaultSealed; any other receipt is a defect in the caller and throws too.
   */
  async open(depositId: string, receipt: Receipt): Promise<Secret<string>> {
    if (!Receipt.is(receipt) || releasedBy(receipt) !== depositId)
      throw new Error(`deposit ${depositId} is opened only with the receipt of its own release`);
    if (receipt.repeated) throw new Error(`entry ${receipt.seq} has released deposit ${depositId} once already`);
    const identity = this.heldIdentity();
    const row = this.#store.get(SQL.record, depositId);
    if (row === undefined) throw new Error(`there is no deposit ${depositId}`);
    return this.#undamaged(openRecord(String(row.record), identity, row.protectorId as Guid));
  }

  async close(): Promise<void> {
    this.seal();
    this.#store.close();
  }

  #deposits(text: string, ...values: string[]): Deposit[] {
    return this.#store.rows(text, ...values).map((row) => ({ ...row }) as unknown as Deposit);
  }

  #hold<T extends string>(identity: Secret<string> | T): "unsealed" | T {
    if (typeof identity === "string") return identity;
    this.#identity = identity;
    return "unsealed";
  }

  async #undamaged<T>(opening: Promise<T>): Promise<T> {
    try {
      return await opening;
    } catch (error) {
      throw error instanceof MalformedError ? this.#store.damaged(error.what) : error;
    }
  }

  #put(each: NewDeposit & { readonly protectorId: Guid }, fingerprint: string, record: string): Deposited {
    const known = this.#store.get(SQL.present, each.protectorId, fingerprint);
    const { n, newest } = this.#store.get(SQL.ofProtector, each.protectorId)!;
    const { protectorId, deviceName, directory, source, deviceId, volumeType, createdAt, serial = null } = each;
    if (known !== undefined) {
      const depositId = String(known.depositId);
      this.#store.sql(SQL.rename).run(deviceName, directory, deviceId, volumeType, createdAt, serial, depositId);
      return { is: "present", depositId, others: Number(n) - 1 };
    }
    const depositId = guidFromBytes(this.#random(16));
    const now = this.#clock();
    const names = [deviceName, directory, source, now, deviceId, volumeType, createdAt, serial];
    const plain = [depositId, protectorId, ...names, each.partialId ?? null];
    this.#store.sql(SQL.deposit).run(...plain, fingerprint, record);
    const is = newest !== null && Number(newest) > (createdAt ?? now) ? "superseded" : "deposited";
    return { is, depositId, others: Number(n) };
  }

  #recipient(): KeyObject {
    try {
      this.#recipientKey ??= parseRecipient(this.recipient);
      return this.#recipientKey;
    } catch (error) {
      throw error instanceof MalformedError ? this.#store.damaged("its recipient is not one") : error;
    }
  }
}

/** The deposit that this receipt's entry releases; null for an entry of another kind. */
function releasedBy({ body }: Receipt): string | null {
  return body.type === "key.released" || body.type === "key.released-by-hand" ? body.depositId : null;
}
