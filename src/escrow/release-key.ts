import type { Ledger, Receipt } from "../ledger/ledger.ts";
import { StoreError } from "../ledger/store-error.ts";
import type { Guid } from "../wire/guid.ts";
import type { Secret } from "../wire/secret.ts";
import {
  decideRelease,
  type RefuseReason,
  type ReleaseDecision,
  type ReleaseQuestion,
  refusalEntry,
  releaseEntry,
  type WaitReason,
} from "./release.ts";
import { type Vault, VaultSealed } from "./vault.ts";

/** What came of one ask. `stale-view`: the ledger has moved on; fold it in and ask again with the new state. */
export type ReleaseAnswer =
  | { readonly released: Secret<string>; readonly protectorId: Guid; readonly receipt: Receipt }
  | { readonly wait: WaitReason | "ledger-unavailable" }
  | { readonly refuse: RefuseReason }
  | "stale-view";

/**
 * Decides, writes the decision down, and only then opens the password. `headSeq` is the ledger's head that `question`
 * was folded from: a halt, a second station or a twin of this request that came in since makes it `stale-view`.
 */
export async function releaseKey(options: {
  readonly ledger: Ledger;
  readonly vault: Vault;
  readonly question: ReleaseQuestion;
  readonly headSeq: number;
  /** True if refusals are not written down any more: this session has had its share of the ledger. Releases always are. */
  readonly quiet?: boolean;
}): Promise<ReleaseAnswer> {
  const { ledger, vault, question, headSeq, quiet = false } = options;
  const decision = decideRelease(question);
  if ("wait" in decision) return decision;
  if ("refuse" in decision && quiet) return { refuse: decision.refuse };
  const receipt = await written(ledger, headSeq, question, decision);
  if (receipt === "ledger-unavailable") return { wait: receipt };
  if ("refuse" in decision) return { refuse: decision.refuse };
  if (receipt === "stale-view" || receipt.repeated) return "stale-view";
  const { depositId, protectorId } = decision.release;
  try {
    return { released: await vault.open(depositId, receipt), protectorId, receipt };
  } catch (error) {
    if (error instanceof VaultSealed) return { wait: "vault-sealed" };
    throw error;
  }
}

/** A refusal is a fact and goes in wherever the head is; a release is a decision. */
async function written(
  ledger: Ledger,
  headSeq: number,
  question: ReleaseQuestion,
  decision: Exclude<ReleaseDecision, { wait: WaitReason }>,
): Promise<Receipt | "stale-view" | "ledger-unavailable"> {
  try {
    if ("refuse" in decision) return await ledger.append(refusalEntry(question, decision));
    return await ledger.appendIfHead(releaseEntry(question, decision), headSeq);
  } catch (error) {
    if (error instanceof StoreError) return "ledger-unavailable";
    throw error;
  }
}
