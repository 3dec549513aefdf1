import type { Admission } from "../fleet/admission.ts";
import { bareName } from "../fleet/device-name.ts";
import type { NewEntry } from "../ledger/entry.ts";
import type { BodyOf } from "../ledger/events/event.ts";
import type { Guid } from "../wire/guid.ts";
import type { MacAddress } from "../wire/mac.ts";
import type { Deposit } from "./deposit.ts";
import { isPartial, offersByDevice } from "./release-by-device.ts";
import { type CampaignReleases, fullUntil, MINUTE_MS } from "./released.ts";

/** How much one campaign may release. */
export interface ReleaseCaps {
  /** Times one session may be given the password of one protector: an answer can get lost on the way. */
  readonly asksPerProtector: number;
  /** Different key protectors for one device. */
  readonly protectorsPerDevice: number;
  /** Different pairs of device and key protector in the whole campaign. */
  readonly perCampaign: number;
  /** Such pairs within a minute. Not there for devices, which an image's download holds apart, but for a runaway. */
  readonly perMinute: number;
}

export const RELEASE_CAPS: ReleaseCaps = {
  asksPerProtector: 5,
  protectorsPerDevice: 3,
  perCampaign: 5_000,
  perMinute: 600,
};

/** Everything a release is decided on. The session is taken as `rescue/` makes it. */
export interface ReleaseQuestion {
  readonly admission: Admission;
  readonly session: {
    readonly session: string;
    readonly device: MacAddress;
    /** True once an operator has matched the pairing code. */
    readonly paired: boolean;
    /** What the device says of itself in its hello. */
    readonly marks?: { readonly serial?: string | null };
    /** All key protectors of all volumes, as the device listed them in its hello. */
    readonly protectors: readonly { readonly volume: number; readonly protectorId: Guid; readonly type: string }[];
  };
  /** The volume the device wants to open, by its number in the hello. */
  readonly volume: number;
  /** Key protector IDs whose password the device has tried on it in vain. */
  readonly tried: readonly Guid[];
  /** The vault's deposits of the listed protectors, and those of the device without a whole ID, newest first. Others are ignored. */
  readonly deposits: readonly Deposit[];
  /** What this campaign has released so far. */
  readonly released: CampaignReleases;
  readonly caps: ReleaseCaps;
  readonly sealed: boolean;
  /** The station's clock, milliseconds since 1970 UTC. */
  readonly now: number;
}

export type WaitReason =
  | "no-campaign"
  | "halted"
  | "not-in-plan"
  | "awaiting-confirmation"
  | "no-key"
  | "rate-cap"
  | "vault-sealed";
export type RefuseReason = "protector-not-listed" | "device-cap" | "campaign-cap";

/** Release this deposit; or wait, it may be granted later; or refused, and asking again changes nothing. */
export type ReleaseDecision =
  | { readonly release: Deposit; readonly attempt: number; readonly campaign: string }
  | { readonly wait: WaitReason }
  | { readonly refuse: RefuseReason; readonly protectorId: Guid | null };

/**
 * Which recovery password may leave the vault now, if any. The first of these that applies is the answer: no campaign,
 * halted or not in its plan; a protector or volume that the hello did not list; pairing code not yet matched; nothing
 * in the vault; a cap of device or campaign; pairing code needed after all; too many in this minute; vault sealed.
 */
export function decideRelease(question: ReleaseQuestion): ReleaseDecision {
  const { admission, session, tried, released } = question;
  if (!admission.admitted) return { wait: admission.reason };
  const stranger = tried.find((id) => !session.protectors.some(({ protectorId }) => protectorId === id));
  if (stranger !== undefined) return { refuse: "protector-not-listed", protectorId: stranger };
  if (!session.protectors.some(({ volume }) => volume === question.volume))
    return { refuse: "protector-not-listed", protectorId: null };
  if (admission.confirm && !session.paired) return { wait: "awaiting-confirmation" };
  const candidates = candidatesOf(question);
  const first = candidates[0];
  if (first === undefined) return { wait: "no-key" };
  const chosen = candidates.find((deposit) => capOn(question, deposit) === null);
  if (chosen === undefined) return { refuse: capOn(question, first)!, protectorId: first.protectorId };
  // A disk moved to another chassis, or somebody who read the protector ID off another device's screen.
  const elsewhere = [...(released.devicesOf.get(chosen.protectorId) ?? [])].some((device) => device !== session.device);
  const bySerial = isPartial(chosen) && (chosen.deviceName === null || admission.name === null);
  if ((elsewhere || bySerial || isNamedOtherwise(chosen, admission.name)) && !session.paired)
    return { wait: "awaiting-confirmation" };
  if (isRunaway(question, chosen)) return { wait: "rate-cap" };
  if (question.sealed) return { wait: "vault-sealed" };
  return { release: chosen, attempt: asksSoFar(question, chosen) + 1, campaign: admission.campaign.campaign };
}

/**
 * The deposits worth giving, best first: newest of the protectors not tried yet, and after them what else the vault
 * holds for tried ones (an old export may have brought a second, conflicting password for the same protector).
 */
function candidatesOf(question: ReleaseQuestion): Deposit[] {
  const { session, volume, tried, deposits, released } = question;
  const listed = session.protectors.filter((each) => each.volume === volume && each.type === "recovery-password");
  const whole = deposits.filter((deposit) => !isPartial(deposit));
  const fits = whole.filter((deposit) => listed.some(({ protectorId }) => protectorId === deposit.protectorId));
  const given = new Set((released.bySession.get(session.session) ?? []).map(({ depositId }) => depositId));
  const untried = fits.filter(({ protectorId }) => !tried.includes(protectorId));
  const leftOver = fits.filter(({ protectorId, depositId }) => tried.includes(protectorId) && !given.has(depositId));
  const ids = listed.map(({ protectorId }) => protectorId);
  return [...untried, ...leftOver, ...offersByDevice(question, ids)];
}

/** True where the escrow export and the inventory both name a device, and not the same one. Names without domain. */
function isNamedOtherwise({ deviceName }: Deposit, name: string | null): boolean {
  return deviceName !== null && name !== null && bareName(deviceName) !== bareName(name);
}

function asksSoFar({ released, session }: ReleaseQuestion, { protectorId }: Deposit): number {
  const releases = released.bySession.get(session.session) ?? [];
  return releases.filter((release) => release.protectorId === protectorId).length;
}

function capOn(question: ReleaseQuestion, deposit: Deposit): "device-cap" | "campaign-cap" | null {
  const { released, session, caps } = question;
  const protectors = released.byDevice.get(session.device);
  const known = protectors?.has(deposit.protectorId) ?? false;
  if (!known && (protectors?.size ?? 0) >= caps.protectorsPerDevice) return "device-cap";
  if (asksSoFar(question, deposit) >= caps.asksPerProtector) return "device-cap";
  const deposits = released.depositsOf.get(session.device) ?? new Set();
  const another = isPartial(deposit) && !deposits.has(deposit.depositId);
  if (another && deposits.size >= caps.protectorsPerDevice) return "device-cap";
  return !known && released.pairs >= caps.perCampaign ? "campaign-cap" : null;
}

/** The minute ends by the ledger's time, which never goes back: a clock that was set back does not open a second one. */
function isRunaway({ released, session, caps, now }: ReleaseQuestion, { protectorId }: Deposit): boolean {
  if (released.byDevice.get(session.device)?.has(protectorId) === true) return false;
  const latest = released.pairTimes.at(-1) ?? 0;
  return fullUntil(released.pairTimes, caps.perMinute, MINUTE_MS, Math.max(now, latest)) !== null;
}

/** The entry that has to be in the ledger before the password leaves. */
export function releaseEntry(
  question: ReleaseQuestion,
  decision: Extract<ReleaseDecision, { release: Deposit }>,
): NewEntry<BodyOf<"key.released">> {
  const { session, device } = question.session;
  const { release, attempt, campaign } = decision;
  const { protectorId, depositId } = release;
  const body = { type: "key.released", session, device, campaign, protectorId, depositId, attempt } as const;
  return { body, actor: "station", commandId: `release:${campaign}:${session}:${protectorId}:${attempt}` };
}

/** The entry for a refusal. One session's same refusal is one entry, however often it asks. */
export function refusalEntry(
  question: ReleaseQuestion,
  { refuse: reason, protectorId }: Extract<ReleaseDecision, { refuse: RefuseReason }>,
): NewEntry<BodyOf<"key.refused">> {
  const { session, device } = question.session;
  return {
    body: { type: "key.refused", session, device, reason, volume: question.volume, protectorId },
    actor: `device:${device}`,
    commandId: `refuse:${session}:${question.volume}:${reason}:${protectorId ?? "-"}`,
  };
}
