import type { DeviceMarks } from "../fleet/inventory.ts";
import { machineKey, machineOf } from "../fleet/machine.ts";
import { NO_PROOF, type Proof, see } from "../fleet/sighting.ts";
import type { Entry } from "../ledger/entry.ts";
import type { BodyOf, EntryType } from "../ledger/events/event.ts";
import type { Guid } from "../wire/guid.ts";
import type { Ipv4 } from "../wire/ipv4.ts";
import type { MacAddress } from "../wire/mac.ts";

/** How far one device's rescue has come. */
export type Progress = "opened" | "released" | "assigned" | "reported" | "confirmed" | "relapsed";

type Transition = { readonly from: readonly Progress[]; readonly to: Progress };

/** Every transition there is: at which progress an event is taken in, and where it leads. Anything else is ignored. */
const TRANSITIONS: { readonly [Type in EntryType]?: Transition } = {
  "key.released": { from: ["opened", "released", "assigned"], to: "released" },
  "plan.assigned": { from: ["opened", "released", "assigned"], to: "assigned" },
  "session.reported": { from: ["opened", "released", "assigned"], to: "reported" },
  "device.confirmed": { from: ["reported", "relapsed"], to: "confirmed" },
  "device.relapsed": { from: ["reported", "confirmed"], to: "relapsed" },
};

interface Volume {
  readonly volume: number;
  readonly path: string;
  readonly bytes: number;
  readonly kind: string;
  readonly state: string;
}

interface ListedProtector {
  readonly volume: number;
  readonly protectorId: Guid;
  readonly type: string;
}

/** One boot of the recovery image on one device, folded from the ledger. */
export interface Session {
  readonly session: string;
  readonly device: MacAddress;
  readonly address: Ipv4;
  readonly tokenHash: string;
  readonly secretHash: string;
  /** The code on the device's screen. It is no secret: it tells two devices apart, nothing more. */
  readonly pairing: string;
  readonly marks: DeviceMarks;
  readonly volumes: readonly Volume[];
  readonly protectors: readonly ListedProtector[];
  readonly openedAt: number;
  /** When an entry of this session last came, and when the device came to where it stands now. */
  heardAt: number;
  since: number;
  /** When it reported its outcome; null before. */
  reportedAt: number | null;
  progress: Progress;
  /** True once an operator matched the pairing code. */
  paired: boolean;
  /** Why the device waits, while it does. */
  held: string | null;
  /** Why a recovery password was refused to it, unless it went on since. */
  refused: string | null;
  outcome: string | null;
  proof: Proof;
  /** True if a Windows asked for an address by its card, and nothing shows that it was this device's. */
  unproven: boolean;
  /** Command IDs of the sightings: the ledger takes none of them twice. */
  readonly sighted: Set<string>;
  /** Entries so far that the agent can bring about as often as it likes. */
  notes: number;
}

/** A rescue has some twenty. What a session says beyond this many is answered, and not written down. */
export const SESSION_NOTES = 200;

const NOTES: ReadonlySet<EntryType> = new Set(["agent.stage", "device.held", "key.refused"]);

/** A fold over the ledger, changed in place. */
export interface Sessions {
  readonly byId: Map<string, Session>;
  readonly bySecret: Map<string, Session>;
  readonly byToken: Map<string, Session>;
  /** The newest session of each MAC address that booted, whichever machine it was in. */
  readonly byDevice: Map<MacAddress, Session>;
  /** The newest session of each machine that booted by this MAC address: several for an adapter that they share. */
  readonly byCard: Map<MacAddress, readonly Session[]>;
  /** The newest session of each machine, by each of its cards (machineKey). */
  readonly byMachine: Map<string, Session>;
}

export function newSessions(): Sessions {
  return {
    byId: new Map(),
    bySecret: new Map(),
    byToken: new Map(),
    byDevice: new Map(),
    byCard: new Map(),
    byMachine: new Map(),
  };
}

/** Outcomes after which the device is told to reboot and is expected back. */
export const GOOD_OUTCOMES: ReadonlySet<string> = new Set(["rescued", "already-clean"]);

/** Takes in one more ledger entry. */
export function foldSession(sessions: Sessions, { body, at, commandId }: Entry): void {
  if (body.type === "session.opened") open(sessions, body, at);
  if (body.type === "device.sighted") sight(sessions, body, at, commandId);
  const session = "session" in body ? sessions.byId.get(body.session) : undefined;
  if (session === undefined) return;
  if (NOTES.has(body.type)) session.notes += 1;
  session.heardAt = at;
  if (body.type === "pairing.confirmed") session.paired = true;
  if (body.type === "key.refused") refuse(session, body.reason, at);
  if (body.type === "device.held") hold(session, body.reason, at);
  const transition = TRANSITIONS[body.type];
  if (!transition?.from.includes(session.progress)) return;
  session.progress = transition.to;
  session.since = at;
  session.held = null;
  session.refused = null;
  if (body.type === "session.reported") {
    session.outcome = body.outcome;
    session.reportedAt = at;
    session.proof = NO_PROOF;
  }
}

function refuse(session: Session, reason: string, at: number): void {
  if (session.refused !== reason) session.since = at;
  session.refused = reason;
}

function hold(session: Session, reason: string, at: number): void {
  if (session.held !== reason) session.since = at;
  session.held = reason;
}

function open(
  sessions: Sessions,
  { type: _type, machine, ...opened }: BodyOf<"session.opened">,
  openedAt: number,
): void {
  const session: Session = {
    ...opened,
    marks: { ...machine, macs: [opened.device, ...machine.macs] },
    openedAt,
    heardAt: openedAt,
    since: openedAt,
    reportedAt: null,
    progress: "opened",
    paired: false,
    held: null,
    refused: null,
    outcome: null,
    proof: NO_PROOF,
    unproven: false,
    sighted: new Set(),
    notes: 0,
  };
  sessions.byId.set(session.session, session);
  sessions.bySecret.set(session.secretHash, session);
  sessions.byToken.set(session.tokenHash, session);
  sessions.byDevice.set(session.device, session);
  const { uuid } = machine;
  const others = (sessions.byCard.get(session.device) ?? []).filter((each) => !isSameMachine(each, session));
  sessions.byCard.set(session.device, [...others, session]);
  // Without a UUID only the card that booted is known to be this machine's.
  for (const mac of machineOf(uuid) === null ? [session.device] : session.marks.macs) {
    const key = machineKey(mac, uuid);
    // What booted by this card itself outweighs what another machine says of it.
    if (mac === session.device || sessions.byMachine.get(key)?.device !== mac) sessions.byMachine.set(key, session);
  }
}

/** The newest session of the machine that has this card and this UUID; of the card alone where no UUID is known. */
export function sessionOf(
  { byDevice, byMachine }: Pick<Sessions, "byDevice" | "byMachine">,
  device: MacAddress,
  uuid: Guid | null | undefined,
): Session | undefined {
  if (machineOf(uuid) === null) return byDevice.get(device);
  return byMachine.get(machineKey(device, uuid)) ?? byMachine.get(machineKey(device, null));
}

/** The newest session of each machine, card by card. */
export function newestSessions({ byCard }: Pick<Sessions, "byCard">): Session[] {
  return [...byCard.values()].flat();
}

/** True if both are boots of one machine by one card. */
export function isSameMachine(
  one: Pick<Session, "device" | "marks">,
  other: Pick<Session, "device" | "marks">,
): boolean {
  return machineKey(one.device, one.marks.uuid) === machineKey(other.device, other.marks.uuid);
}

function sight(sessions: Sessions, body: BodyOf<"device.sighted">, at: number, commandId: string): void {
  const session = body.session === undefined ? sessions.byDevice.get(body.device) : sessions.byId.get(body.session);
  if (session === undefined || session.outcome === null) return;
  session.sighted.add(commandId);
  if (body.unproven !== undefined) {
    session.unproven = true;
    return;
  }
  session.proof = see(session.proof, body.as, at);
}

/** True for a device that was told to reboot into its own disk and has not relapsed: it is not booted again. */
export function isSettled({ outcome, progress }: Session): boolean {
  return outcome !== null && GOOD_OUTCOMES.has(outcome) && progress !== "relapsed";
}

/** The event a device's sightings ask for, if the ledger does not have it yet: it is back, or it fell back. */
export function dueProof(session: Session): "device.confirmed" | "device.relapsed" | null {
  const good = session.outcome !== null && GOOD_OUTCOMES.has(session.outcome);
  if (!good) return null;
  if (session.proof.state === "confirmed" && session.progress !== "confirmed") return "device.confirmed";
  if (session.proof.state === "relapsed" && session.progress !== "relapsed") return "device.relapsed";
  return null;
}
