import type { OpenedBy } from "../ledger/events/vault.ts";

/** Who unseals, and with what, for the ledger. */
export interface OpenerStory {
  readonly actor: string;
  readonly openedBy: OpenedBy;
}

export const UNSEAL_ANSWERS = [
  "unsealed",
  "of-another-vault",
  "halted-meanwhile",
  "ledger-unavailable",
  "malformed",
] as const;
export type UnsealAnswer = (typeof UNSEAL_ANSWERS)[number];
