import { BOOT_TOKEN_LIFE_MS } from "../boot/exchange.ts";
import { type CampaignState, foldCampaign, isListed, NO_CAMPAIGN } from "../campaign/campaign.ts";
import { type InventoryDevice, recognise } from "../fleet/inventory.ts";
import { areTwo } from "../fleet/machine.ts";
import type { Entry } from "../ledger/entry.ts";
import type { BodyOf } from "../ledger/events/event.ts";
import {
  foldSession,
  isSameMachine,
  isSettled,
  newestSessions,
  newSessions,
  type Session,
  type Sessions,
  sessionOf,
} from "../rescue/session.ts";
import type { Guid } from "../wire/guid.ts";
import type { MacAddress } from "../wire/mac.ts";
import { type Estimate, timeLeft } from "./estimate.ts";
import { needsPerson, STANDS, type Stand, standOf } from "./stand.ts";

/** What a board is read from. A station's own state is such, and so is what `foldBoard` makes. */
interface BoardSource {
  readonly campaign: CampaignState;
  readonly sessions: Pick<Sessions, "byCard" | "byDevice" | "byMachine">;
  /** The last time each device asked for its network boot. */
  readonly boots: { readonly latest: ReadonlyMap<MacAddress, { readonly at: number; readonly uuid: Guid | null }> };
}

/** Who loads the recovery image now, and who waits for a turn. Only the running station knows: no ledger has it. */
export interface QueueNow {
  readonly loading: ReadonlySet<MacAddress>;
  readonly waiting: ReadonlySet<MacAddress>;
}

/** One device, and where it stands. */
export interface Standing {
  /** The MAC address that network-booted; null for a device that was not seen. */
  readonly device: MacAddress | null;
  /** The inventory's name; null if it is not in the inventory. */
  readonly name: string | null;
  readonly stands: Stand;
  /** The reason word it waits for, or the outcome word it reported. */
  readonly why: string | null;
  readonly needsPerson: boolean;
  /** Milliseconds since 1970, ledger time; null for a device that was not seen. */
  readonly since: number | null;
  readonly session: Session | null;
}

export interface Board {
  readonly campaign: CampaignState;
  /** Devices in the campaign's inventory. */
  readonly inventory: number;
  /** What needs a person first; within that, the longest there first. */
  readonly devices: readonly Standing[];
  /** Of all devices, those outside the inventory too. */
  readonly counts: Readonly<Record<Stand, number>>;
  /** Devices that are not in the inventory. */
  readonly others: number;
  readonly needPerson: number;
  /** Of the devices whose rescue has begun and has not ended: the one there longest, and the one that came last. */
  readonly oldest: Standing | null;
  readonly newest: Standing | null;
  readonly estimate: Estimate;
}

/** A network boot without a hello for longer than this has failed: its boot token is no longer good. */
const NO_HELLO_MS = BOOT_TOKEN_LIFE_MS;

const UNDER_WAY: ReadonlySet<Stand> = new Set(["waiting", "held", "in-hand", "loading"]);

/** Where every device stands at `now` (milliseconds since 1970). */
export function readBoard(source: BoardSource, now: number, queue: QueueNow | null = null): Board {
  const { campaign } = source;
  const inventory = campaign.is === "none" ? [] : campaign.campaign.devices;
  const listed = new Map<InventoryDevice, Standing>();
  const others: Standing[] = [];
  for (const standing of seen(source, inventory, now, queue)) {
    const { known, ...rest } = standing;
    if (known === null) others.push(rest);
    // A device that booted with two of its cards: the newer story counts.
    else if ((listed.get(known)?.since ?? -1) <= (rest.since ?? 0)) listed.set(known, rest);
  }
  const missing = inventory.filter((device) => !listed.has(device)).map(notSeen);
  const devices = [...listed.values(), ...others, ...missing].sort(byUrgency);
  const counts = Object.fromEntries(STANDS.map((stand) => [stand, 0])) as Record<Stand, number>;
  for (const { stands } of devices) counts[stands] += 1;
  const underWay = devices.filter(({ stands }) => UNDER_WAY.has(stands)).sort((a, b) => a.since! - b.since!);
  const reported = newestSessions(source.sessions)
    .filter(isSettled)
    .flatMap(({ reportedAt }) => reportedAt ?? []);
  return {
    ...{ campaign, inventory: inventory.length, devices, counts, others: others.length },
    needPerson: devices.filter((each) => each.needsPerson).length,
    oldest: underWay[0] ?? null,
    newest: underWay.at(-1) ?? null,
    estimate: timeLeft({
      rescuedAt: reported,
      left: underWay.length + counts["not-seen"],
      stopped: campaign.is !== "armed",
      now,
    }),
  };
}

type Seen = Standing & { readonly known: InventoryDevice | null };

function* seen(
  { sessions, boots }: BoardSource,
  inventory: readonly InventoryDevice[],
  now: number,
  queue: QueueNow | null,
): Generator<Seen> {
  for (const session of newestSessions(sessions)) {
    const { device } = session;
    const asked = boots.latest.get(device);
    // It asks for the network boot again: what its agent said before is over.
    const again = asked !== undefined && asked.at > session.heardAt && !areTwo(asked.uuid, session.marks.uuid);
    if (again && !isSettled(session)) continue;
    const { stands, why } = standOf(session);
    const known = recognise(inventory, session.marks);
    yield standing({ device, known, stands, why, since: session.since, session });
  }
  for (const [device, { at, uuid }] of boots.latest) {
    const session = sessionOf(sessions, device, uuid) ?? null;
    if (session !== null && (at <= session.heardAt || isSettled(session))) continue;
    const known = recognise(inventory, session?.marks ?? { macs: [device], uuid });
    const base = { device, known, since: at, session };
    if (queue?.waiting.has(device)) yield standing({ ...base, stands: "waiting", why: "load-turn" });
    else if (now - at < NO_HELLO_MS || queue?.loading.has(device))
      yield standing({ ...base, stands: "loading", why: null });
    // Any machine on the LAN may ask once and boot from its own disk: only those that are expected are missed.
    else if (known !== null || session !== null) yield standing({ ...base, stands: "failed", why: "no-hello" });
  }
}

function standing(of: Pick<Seen, "device" | "known" | "stands" | "why" | "since" | "session">): Seen {
  return { ...of, name: of.known?.name ?? null, needsPerson: needsPerson(of.stands, of.why) };
}

function notSeen({ name }: InventoryDevice): Standing {
  return { device: null, name, stands: "not-seen", why: null, needsPerson: false, since: null, session: null };
}

function byUrgency(a: Standing, b: Standing): number {
  const rank = ({ needsPerson: first, stands }: Standing) => (first ? 0 : STANDS.length) + STANDS.indexOf(stands);
  return rank(a) - rank(b) || (a.since ?? 0) - (b.since ?? 0);
}

/** A fold over the ledger, changed in place, with a few hundred bytes for each device however long the ledger is. */
export interface BoardState extends BoardSource {
  campaign: CampaignState;
  readonly sessions: Sessions;
  readonly boots: { readonly latest: Map<MacAddress, { readonly at: number; readonly uuid: Guid | null }> };
  /** Devices outside the inventory that asked for a network boot, oldest first: anybody can make up such. */
  readonly strangers: Set<MacAddress>;
  /** Sequence of the last entry taken in. */
  seq: number;
}

const MOST_STRANGERS = 1_024;

export function newBoard(): BoardState {
  return { campaign: NO_CAMPAIGN, sessions: newSessions(), boots: { latest: new Map() }, strangers: new Set(), seq: 0 };
}

/** Takes in one more ledger entry, in order. */
export function foldBoard(board: BoardState, entry: Entry): void {
  const { body, at } = entry;
  board.seq = entry.seq;
  board.campaign = foldCampaign(board.campaign, entry);
  if (body.type === "session.opened") forget(board.sessions, body);
  foldSession(board.sessions, entry);
  if (body.type !== "boot.offered") return;
  const device = body.device as MacAddress;
  board.boots.latest.set(device, { at, uuid: (body.uuid ?? null) as Guid | null });
  if (isListed(board.campaign, device)) return;
  board.strangers.delete(device);
  board.strangers.add(device);
  if (board.strangers.size <= MOST_STRANGERS) return;
  const [oldest] = board.strangers;
  board.strangers.delete(oldest!);
  board.boots.latest.delete(oldest!);
}

/** The session that a newer one of the same machine takes the place of. */
function forget({ byId, bySecret, byToken, byCard }: Sessions, { device, machine }: BodyOf<"session.opened">): void {
  const before = byCard.get(device)?.find((each) => isSameMachine(each, { device, marks: machine }));
  if (before === undefined) return;
  byId.delete(before.session);
  bySecret.delete(before.secretHash);
  byToken.delete(before.tokenHash);
}
