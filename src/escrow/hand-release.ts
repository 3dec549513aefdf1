import { looksLikePassword } from "../bitlocker/password-text.ts";
import type { NewEntry } from "../ledger/entry.ts";
import type { BodyOf } from "../ledger/events/event.ts";
import type { Ledger, Receipt } from "../ledger/ledger.ts";
import { StoreError } from "../ledger/store-error.ts";
import type { Guid } from "../wire/guid.ts";
import type { Secret } from "../wire/secret.ts";
import type { Deposit } from "./deposit.ts";
import { DAY_MS, fullUntil, HOUR_MS } from "./released.ts";
import type { HandCaps, ReleasedByHand } from "./released-by-hand.ts";
import { type Vault, VaultSealed } from "./vault.ts";

// Release by hand: for a device that cannot reach the station, a person (or a script in a person's name) takes one
// recovery password out. No campaign, no session and no boot token vouch for it: the actor's name and reason do.

/** One ask of a person or a script, before anything is looked up. */
export interface HandAsk {
  /** As the ledger names actors: `operator:NAME`. The caps count by it. */
  readonly actor: string;
  readonly channel: "desk" | "api";
  /** Why, in the actor's own words; it is written down. */
  readonly reason: string;
  /** The help desk's number for it, or null. */
  readonly ticket: string | null;
  /** Which of several different passwords of one key protector ID: 1 is the newest. */
  readonly nth: number;
  /** Said by somebody who knows that the campaign is halted, and wants this one all the same. */
  readonly duringHalt: boolean;
  /** Fresh for each ask: a command ID that the ledger knows already opens nothing. */
  readonly commandId: string;
}

/** Everything a release by hand is decided on. */
export interface HandQuestion extends HandAsk {
  /** The vault's deposits that fit what the actor named, newest first. */
  readonly deposits: readonly Deposit[];
  /** The campaign that stands halted now; null if none was armed, or one is armed. */
  readonly halted: { readonly campaign: string } | null;
  readonly released: ReleasedByHand;
  readonly caps: HandCaps;
  readonly sealed: boolean;
  /** Milliseconds since 1970 UTC. */
  readonly now: number;
}

/**
 * Why nothing left the vault: the reason given is empty, too long or has a recovery password in it; nothing fits;
 * several key protectors fit and none was named by its full ID; the campaign is halted; a cap; sealed; no ledger; this
 * command was carried out before.
 */
export type HandRefusal =
  | { readonly refuse: "bad-reason" | "no-key" | "halted" | "vault-sealed" | "ledger-unavailable" | "command-used" }
  | { readonly refuse: "ambiguous"; readonly candidates: readonly Deposit[] }
  /** `until`: when one more may be asked for, milliseconds since 1970 UTC. */
  | { readonly refuse: "hand-cap"; readonly cap: "actor" | "protector"; readonly until: number };

export type HandRefuseReason = HandRefusal["refuse"];

type HandDecision = { readonly release: Deposit; readonly passwords: number } | HandRefusal;

/** `passwords`: how many different ones the vault has for this key protector ID. */
export type HandAnswer =
  | {
      readonly released: Secret<string>;
      readonly deposit: Deposit;
      readonly passwords: number;
      readonly receipt: Receipt;
    }
  | HandRefusal
  | "stale-view";

const LONGEST_REASON = 500;

/** True for a reason or ticket that may stand in the ledger: some text, not too much of it, no recovery password in it. */
export function isGoodReason(text: string): boolean {
  return text.isWellFormed() && text.trim() !== "" && text.length <= LONGEST_REASON && !looksLikePassword(text);
}

/** Which recovery password may leave now, if any. The first refusal that applies, in the order of HandRefusal. */
export function decideHandRelease(question: HandQuestion): HandDecision {
  const { reason, ticket, deposits, nth, caps, released } = question;
  if (!isGoodReason(reason) || (ticket !== null && !isGoodReason(ticket))) return { refuse: "bad-reason" };
  const chosen = deposits[nth - 1];
  if (new Set(deposits.map(({ protectorId }) => protectorId)).size > 1)
    return { refuse: "ambiguous", candidates: deposits };
  if (chosen === undefined) return { refuse: "no-key" };
  // A halt promises that nothing more leaves: only a person who has said that he knows is past it, never a script.
  const knowing = question.duringHalt && question.channel === "desk";
  if (question.halted !== null && !knowing) return { refuse: "halted" };
  const now = Math.max(question.now, released.at);
  const ofActor = released.byActor.get(question.actor) ?? [];
  const actorUntil = fullUntil(ofActor, caps.perActorAnHour, HOUR_MS, now);
  if (actorUntil !== null) return { refuse: "hand-cap", cap: "actor", until: actorUntil };
  const ofProtector = released.byProtector.get(chosen.protectorId) ?? [];
  const protectorUntil = fullUntil(ofProtector, caps.perProtectorADay, DAY_MS, now);
  if (protectorUntil !== null) return { refuse: "hand-cap", cap: "protector", until: protectorUntil };
  if (question.sealed) return { refuse: "vault-sealed" };
  return { release: chosen, passwords: deposits.length };
}

/** The entry that has to be in the ledger before the password leaves. */
export function handReleaseEntry(
  question: HandQuestion,
  { protectorId, depositId, deviceName }: Deposit,
): NewEntry<BodyOf<"key.released-by-hand">> {
  const { actor, channel, reason, ticket, halted, commandId } = question;
  const duringHalt = halted?.campaign ?? null;
  const body = {
    type: "key.released-by-hand",
    channel,
    reason,
    ticket,
    deviceName,
    protectorId,
    depositId,
    duringHalt,
  } as const;
  return { body, actor, commandId: `release-by-hand:${commandId}` };
}

/** The entry for a refusal worth an auditor's time. One actor's same refusal is one entry an hour. */
function handRefusalEntry(question: HandQuestion, refuse: "halted" | "hand-cap"): NewEntry {
  const { actor, channel, now } = question;
  const protectorId: Guid | null = question.deposits[0]?.protectorId ?? null;
  const commandId = `refuse-by-hand:${actor}:${channel}:${refuse}:${protectorId}:${Math.floor(now / HOUR_MS)}`;
  return { body: { type: "key.refused-by-hand", reason: refuse, channel, protectorId }, actor, commandId };
}

/**
 * Decides, writes the decision down, and only then opens the password. `headSeq` is the ledger's head that `question`
 * was folded from: whatever came in since, a halt above all, makes it `stale-view`: fold it in and ask again.
 */
export async function releaseByHand(options: {
  readonly ledger: Ledger;
  readonly vault: Vault;
  readonly question: HandQuestion;
  readonly headSeq: number;
}): Promise<HandAnswer> {
  const { ledger, vault, question, headSeq } = options;
  const decision = decideHandRelease(question);
  const receipt = await written(ledger, headSeq, question, decision);
  if (receipt === "ledger-unavailable") return { refuse: receipt };
  if ("refuse" in decision) return decision;
  if (receipt === "stale-view" || receipt === null) return "stale-view";
  if (receipt.repeated) return { refuse: "command-used" };
  const { release: deposit, passwords } = decision;
  try {
    return { released: await vault.open(deposit.depositId, receipt), deposit, passwords, receipt };
  } catch (error) {
    if (error instanceof VaultSealed) return { refuse: "vault-sealed" };
    throw error;
  }
}

async function written(
  ledger: Ledger,
  headSeq: number,
  question: HandQuestion,
  decision: HandDecision,
): Promise<Receipt | "stale-view" | "ledger-unavailable" | null> {
  try {
    if ("release" in decision) return await ledger.appendIfHead(handReleaseEntry(question, decision.release), headSeq);
    if (decision.refuse !== "halted" && decision.refuse !== "hand-cap") return null;
    return await ledger.append(handRefusalEntry(question, decision.refuse));
  } catch (error) {
    if (error instanceof StoreError) return "ledger-unavailable";
    throw error;
  }
}
