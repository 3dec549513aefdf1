import { flag, list, nullable, optional, record, sha256, text, time, type ValueOf, whole, word } from "./field.ts";
import { family } from "./kind.ts";

const vaultId = text("the vault's ID");
const source = text("its name: the file, the folder, the directory");
const lock = text("the lock: first 16 hex digits of the SHA-256 of its age file");

/** What opened the vault. */
export const OPENED_BY = record(
  {
    by: word(["passphrase", "custodians"], "the kind of lock"),
    setId: optional(text("the set of custodians' shares")),
    shares: optional(list(whole(""), "numbers of the shares that were given")),
  },
  "what opened it",
);
export type OpenedBy = ValueOf<typeof OPENED_BY>;

/** Rows of an export, by what became of them. What later versions count as well is absent in older ledgers. */
const counts = {
  deposited: whole("rows deposited"),
  present: whole("rows that were in the vault already"),
  superseded: optional(whole("rows deposited though the vault has a newer password for the same key protector")),
  rejected: whole("rows rejected"),
  conflicts: optional(whole("key protectors that now have different passwords")),
  named: optional(whole("names that were added to deposits")),
};

export const VAULT = family({
  "vault.created": {
    what: "A new, empty vault was made.",
    fields: { vaultId, recipient: text("the age recipient that deposits are encrypted to") },
  },
  "vault.imported": {
    what: "An export was imported.",
    fields: {
      vaultId: optional(vaultId),
      source,
      format: optional(text("the forms of export that were recognised, separated by spaces")),
      ...counts,
      filesNotRead: optional(whole("files that could not be read")),
      stopped: optional(flag("true if it was stopped before its end")),
    },
  },
  "vault.synced": {
    what: "A sync from a live source ended, whether it worked or not.",
    fields: {
      vaultId,
      source,
      kind: word(["ldap", "sftp"], "the kind of source"),
      base: optional(text("the subtree of the directory")),
      server: optional(text("the directory server's URL")),
      file: optional(text("the fetched file")),
      size: optional(whole("its size", "bytes")),
      ...counts,
      complete: flag("true if all of it was read"),
      failed: optional(text("why not: reason word; absent if it is complete")),
      since: nullable(time("only what changed from then on was read, by the source's clock; null: all of it")),
      until: nullable(time("what the source had up to then is in the vault; null: the source did not let us in")),
    },
  },
  "vault.unsealed": {
    what: "The vault was opened in memory: from here on recovery passwords can be released.",
    fields: {
      vaultId: optional(vaultId),
      openedBy: optional(OPENED_BY),
      vault: optional(text("the vault's ID, in the oldest ledgers")),
    },
  },
  "vault.sealed": {
    what: "The station forgot the vault's identity: nothing is released until it is unsealed.",
    fields: {
      vaultId,
      reason: word(["idle", "halt", "stop"], "nothing was released for a while, a halt, the station's end"),
    },
  },
  "vault.rekeyed": {
    what: "The vault gets a new passphrase. This entry is on disk before the change.",
    fields: { vaultId, lock, replaces: list(text(""), "the locks that go"), openedBy: optional(OPENED_BY) },
  },
  "vault.split": {
    what: "The vault gets a new set of custodians. This entry is on disk before the change.",
    fields: {
      vaultId,
      lock,
      replaces: list(text(""), "the locks that go"),
      setId: text("the set's name, on every card"),
      threshold: whole("how many shares open the vault"),
      shares: whole("how many shares were made"),
      openedBy: optional(OPENED_BY),
    },
  },
  "vault.lock-removed": {
    what: "A lock is taken off the vault. This entry is on disk before the change.",
    fields: {
      vaultId,
      lock,
      kind: word(["passphrase", "custodians"], "what kind of lock"),
      openedBy: optional(OPENED_BY),
    },
  },
  "vault.checking": {
    what: "Every record of the vault is about to be opened to check it. No recovery password is shown.",
    fields: { vaultId },
  },
  "vault.checked": {
    what: "That check ended.",
    fields: {
      vaultId,
      deposits: whole("deposits in the vault"),
      bad: whole("deposits that cannot be used"),
      damage: whole("faults of the file itself"),
    },
  },
  "vault.backed-up": {
    what: "A checked copy of the vault was made.",
    fields: {
      vaultId: nullable(vaultId),
      file: text("the copy's file name"),
      deposits: whole("deposits in it"),
      sha256: sha256("digest of the file"),
    },
  },
  "vault.restored": {
    what: "A backup takes the vault's place. This entry is on disk before the change.",
    fields: {
      vaultId: nullable(vaultId),
      deposits: whole("deposits in it"),
      from: text("the backup's file name"),
      sha256: sha256("digest of the backup"),
      kept: nullable(text("file name that the vault before it is kept under; null: there was none")),
    },
  },
  "vault.ledger-changed": {
    what: "The vault's own ledger is lost, and it goes on with this one.",
    fields: {
      vaultId,
      was: nullable(text("ID of the lost ledger; null: it had none yet")),
      reason: text("why, in the operator's words"),
    },
  },
});
