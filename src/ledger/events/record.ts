import { nullable, optional, sha256, text, whole } from "./field.ts";
import { family } from "./kind.ts";

/** What is written down about the records themselves: the ledger, and whether the vault would do. */
export const RECORD = family({
  "ledger.checkpointed": {
    what: "A checkpoint of the ledger was signed. It covers the entry it names and all before it.",
    fields: { seq: whole("sequence number of that entry"), hash: sha256("hash of that entry") },
  },
  "ledger.adopted": {
    what: "Another station took the ledger over: the epoch is one more from this entry on.",
    fields: { reason: optional(text("why, in the operator's words")) },
  },
  "coverage.checked": {
    what: "An operator checked which devices of an inventory the vault could help.",
    fields: {
      inventory: text("the inventory's file name"),
      inventorySha256: sha256("digest of that file"),
      vaultId: text("the vault's ID"),
      devices: whole("devices in the inventory"),
      covered: whole("devices whose recovery passwords are there"),
      doubtful: whole("devices with a password that may be the wrong or an old one"),
      missing: whole("devices without any"),
      percent: text("covered of all, in percent"),
      required: nullable(text("percentage that was asked for")),
      maxAgeDays: nullable(whole("passwords older than this were doubtful", "days")),
    },
  },
});
