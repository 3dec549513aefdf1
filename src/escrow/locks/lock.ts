import { createHash } from "node:crypto";
import type { BodyOf } from "../../ledger/events/event.ts";
import { Receipt } from "../../ledger/ledger.ts";
import { storeFault } from "../../ledger/store-fault.ts";
import type { Database } from "../../ledger/store-file.ts";
import { canonicalJson } from "../../wire/json.ts";
import { ExitCode, OperatorError } from "../../wire/operator-error.ts";
import type { Secret } from "../../wire/secret.ts";
import { openIdentity, openIdentityWithKey, sealIdentity } from "../record.ts";
import { SQL, VAULT } from "../vault-file.ts";
import { type CustodianSet, combineShares, splitKey } from "./custodians.ts";
import type { Share } from "./share.ts";

/** One way to open the vault. */
export interface Lock {
  readonly number: number;
  readonly kind: "passphrase" | "custodians";
  /** What ledger entries call it: the first 16 hex digits of the SHA-256 of its age file. */
  readonly lockId: string;
  /** Of custodians, else null. */
  readonly set: CustodianSet | null;
  readonly createdAt: number;
}

/** A change of locks that is ready but not made: it is made with the receipt of an entry with this body. */
export interface LockChange {
  readonly body: BodyOf<"vault.rekeyed" | "vault.split" | "vault.lock-removed">;
  /** Of the locks that go. */
  readonly remove: readonly string[];
  readonly add: { readonly kind: Lock["kind"]; readonly identity: string; readonly set: CustodianSet | null } | null;
}

type Row = Omit<Lock, "set" | "lockId"> & CustodianSet & { readonly identity: string };

/** The locks of an open vault file. All of them hold the same identity; changing them touches no deposit. */
export class Locks {
  readonly #db: Database;
  readonly #path: string;
  readonly #vaultId: string;
  readonly #recipient: string;

  constructor(db: Database, path: string, vaultId: string, recipient: string) {
    this.#db = db;
    this.#path = path;
    this.#vaultId = vaultId;
    this.#recipient = recipient;
  }

  list(): Lock[] {
    return this.#rows().map(({ number, kind, identity, setId, threshold, shares, createdAt }) => ({
      ...{ number, kind, lockId: lockId(identity), createdAt },
      set: kind === "custodians" ? { setId, threshold, shares } : null,
    }));
  }

  /** Takes about a second, wrong or right. MalformedError if the file is damaged. */
  async openByPassphrase(passphrase: Secret<string>): Promise<Secret<string> | "wrong-passphrase"> {
    for (const { kind, identity } of this.#rows()) {
      if (kind !== "passphrase") continue;
      const opened = await openIdentity(identity, this.#recipient, passphrase);
      if (opened !== "wrong-passphrase") return opened;
    }
    return "wrong-passphrase";
  }

  async openByShares(shares: readonly Share[]): Promise<Secret<string> | "shares-do-not-combine"> {
    const row = this.#rows().find(({ kind, setId }) => kind === "custodians" && setId === shares[0]?.setId);
    if (row === undefined || shares.length < row.threshold) return "shares-do-not-combine";
    const opened = await openIdentityWithKey(row.identity, this.#recipient, await combineShares(shares));
    return opened === "wrong-key" ? "shares-do-not-combine" : opened;
  }

  /** A new passphrase in the place of all others; custodians stay. */
  async rekey(identity: Secret<string>, passphrase: Secret<string>, workFactor = 18): Promise<LockChange> {
    const sealed = await sealIdentity(this.#vaultId, identity, { passphrase, workFactor });
    const add = { kind: "passphrase", identity: sealed, set: null } as const;
    const which = this.#inPlaceOf(add);
    return { body: { type: "vault.rekeyed", ...which }, remove: which.replaces, add };
  }

  /** A new set of custodians in the place of an older one; passphrases stay. `cards` are proven to open it. */
  async split(
    identity: Secret<string>,
    size: { readonly threshold: number; readonly shares: number },
    random: (length: number) => Uint8Array,
  ): Promise<{ readonly change: LockChange; readonly set: CustodianSet; readonly cards: readonly Share[] }> {
    const set = { setId: Buffer.from(random(4)).toString("hex").toUpperCase(), ...size };
    const { recipient, cards } = await splitKey(this.#vaultId, set, random);
    const sealed = await sealIdentity(this.#vaultId, identity, { recipient });
    for (const some of [cards.slice(0, set.threshold), cards.slice(-set.threshold)])
      if ((await openIdentityWithKey(sealed, this.#recipient, await combineShares(some))) === "wrong-key")
        throw new Error("the new shares do not open the new lock");
    const add = { kind: "custodians", identity: sealed, set } as const;
    const which = this.#inPlaceOf(add);
    const change: LockChange = { body: { type: "vault.split", ...which, ...set }, remove: which.replaces, add };
    return { change, set, cards };
  }

  /** Refused if it is the last one, or not there. */
  remove(number: number): LockChange {
    const locks = this.list();
    const lock = locks.find((each) => each.number === number);
    const next = "See the locks with: breakglass escrow lock list";
    if (lock === undefined) throw new OperatorError(`The vault has no lock ${number}. Nothing was changed.`, next);
    if (locks.length === 1)
      throw new OperatorError(
        `Lock ${number} is the only one: without it nobody could open the vault any more. It stays.`,
        "Make another one first: breakglass escrow custodians split, or breakglass escrow rekey",
        ExitCode.refused,
      );
    const { kind, lockId } = lock;
    const body = { type: "vault.lock-removed", vaultId: this.#vaultId, lock: lockId, kind } as const;
    return { body, remove: [lockId], add: null };
  }

  /** Makes the change: all of it or none. Refused if another command has changed the locks since it was prepared. */
  apply(change: LockChange, receipt: Receipt, now: number): void {
    if (!Receipt.is(receipt) || canonicalJson(receipt.body) !== canonicalJson(change.body))
      throw new Error("locks are changed only with the receipt of that very change");
    try {
      // What was deleted is overwritten: an old passphrase should not open what the file's free pages still hold.
      this.#db.exec("PRAGMA secure_delete = ON; BEGIN IMMEDIATE");
      const { add, remove } = change;
      const old = this.list().filter((lock) => remove.includes(lock.lockId));
      if (add !== null) {
        const { setId = null, threshold = null, shares = null } = add.set ?? {};
        this.#db.prepare(SQL.addLock).run(add.kind, add.identity, setId, threshold, shares, now);
      }
      for (const { number } of old) this.#db.prepare(SQL.removeLock).run(number);
      if (old.length < remove.length || this.#rows().length === 0) throw changedMeanwhile();
      this.#db.exec("COMMIT");
    } catch (error) {
      if (this.#db.isTransaction) this.#db.exec("ROLLBACK");
      throw storeFault(error, VAULT.name, this.#path);
    }
  }

  /** A new lock takes the place of all others of its kind. */
  #inPlaceOf({ kind, identity }: NonNullable<LockChange["add"]>) {
    const replaces = this.list().flatMap((lock) => (lock.kind === kind ? [lock.lockId] : []));
    return { vaultId: this.#vaultId, lock: lockId(identity), replaces };
  }

  #rows(): Row[] {
    try {
      return this.#db.prepare(SQL.locks).all() as unknown as Row[];
    } catch (error) {
      throw storeFault(error, VAULT.name, this.#path);
    }
  }
}

function lockId(identity: string): string {
  return createHash("sha256").update(identity).digest("hex").slice(0, 16);
}

function changedMeanwhile(): OperatorError {
  return new OperatorError(
    "Another command changed the vault's locks at the same time. Nothing was changed by this command.",
    "Look at them (breakglass escrow lock list), then run this again.",
    ExitCode.refused,
  );
}
