import { type CampaignState, inventoryName } from "../campaign/campaign.ts";
import { clientHostName } from "../dhcp/host-name.ts";
import type { DhcpPacket } from "../dhcp/packet.ts";
import { areTwo, isHostName } from "../fleet/machine.ts";
import { type Sighting, see } from "../fleet/sighting.ts";
import type { NewEntry } from "../ledger/entry.ts";
import { dueProof, isSettled, type Progress, type Session, type Sessions, sessionOf } from "../rescue/session.ts";
import type { Guid } from "../wire/guid.ts";
import type { MacAddress } from "../wire/mac.ts";
import type { Budget } from "./budget.ts";
import { type Notice, notice } from "./notice.ts";

/** What is decided about a device that shows itself by a DHCP packet. */
interface Sighted {
  readonly decision: {
    readonly reply: null;
    readonly entries: readonly NewEntry[];
    readonly notices: readonly Notice[];
    readonly counts: readonly string[];
  };
  /** True if its rescue is over, also by what this packet shows. */
  readonly isSettled: boolean;
}

const NOTHING: Sighted["decision"] = { reply: null, entries: [], notices: [], counts: [] };

interface Asked {
  readonly question: { readonly device: MacAddress; readonly packet: DhcpPacket };
  readonly view: {
    readonly campaign: CampaignState;
    readonly sessions: Sessions;
    readonly boots: { readonly latest: ReadonlyMap<MacAddress, { readonly uuid: Guid | null }> };
  };
  readonly memory: { readonly sightings: Budget };
  readonly now: number;
}

/**
 * Firmware that asks to boot: it is the machine of its MAC address and UUID. Another card of a machine says nothing
 * about it: firmware tries one after the other in one boot.
 */
export function decideFirmwareSighting(asked: Asked, uuid: Guid | null): Sighted {
  const session = sessionOf(asked.view.sessions, asked.question.device, uuid);
  if (session === undefined) return { decision: NOTHING, isSettled: false };
  if (session.device !== asked.question.device) return { decision: NOTHING, isSettled: isSettled(session) };
  return sighting(asked, session, "network-boot");
}

/** Windows that asks for an address: it says no UUID, so its host name has to tell whose it is. */
export function decideWindowsSighting(asked: Asked): Sighted {
  const { device, packet } = asked.question;
  const all = asked.view.sessions.byCard.get(device) ?? [];
  const reported = all.filter(({ outcome }) => outcome !== null);
  const newest = reported.at(-1);
  if (newest === undefined) return { decision: NOTHING, isSettled: false };
  const said = clientHostName(packet.options);
  const nameOf = ({ marks }: Session) => inventoryName(asked.view.campaign, marks);
  const named = reported.filter((each) => said !== null && isHostName(said, nameOf(each) ?? ""));
  if (named.length === 1) return sighting(asked, named[0]!, "windows");
  const asking = asked.view.boots.latest.get(device)?.uuid;
  const shared = all.length > 1 || areTwo(asking, newest.marks.uuid);
  const known = nameOf(newest);
  if (shared) return unproven(asked, newest, "shared-adapter", said);
  if (said !== null && known !== null) return unproven(asked, newest, "other-host-name", said);
  return sighting(asked, newest, "windows");
}

/** Only devices with a report are of interest; one entry for each DHCP transaction, however often it is repeated. */
function sighting({ question, memory, now }: Asked, session: Session, as: Sighting): Sighted {
  const { device, packet } = question;
  if (session.outcome === null) return { decision: NOTHING, isSettled: isSettled(session) };
  if (!memory.sightings.take(`${session.session} ${as}`, now))
    return { decision: { ...NOTHING, counts: ["flood"] }, isSettled: isSettled(session) };
  const commandId = `sighted:${session.session}:${as}:${packet.xid}`;
  // The ledger takes no command twice. Its proof is still due if the station was killed between the two.
  const repeated = session.sighted.has(commandId);
  const after = repeated ? session : { ...session, proof: see(session.proof, as, now) };
  const body = { type: "device.sighted", device, as, session: session.session } as const;
  const entry = { body, actor: `device:${device}`, commandId } as const;
  const entries = repeated && dueProof(session) === null ? [] : [entry];
  return { decision: { ...NOTHING, entries }, isSettled: isSettled({ ...after, progress: progressOf(after) }) };
}

/** A Windows that may be another machine's: written down once, and it confirms nothing. */
function unproven({ question, memory, now }: Asked, session: Session, why: string, said: string | null): Sighted {
  const { device } = question;
  const told = notice("unproven-windows", { device }, { said, why });
  if (
    session.unproven ||
    session.progress === "confirmed" ||
    !memory.sightings.take(`${session.session} unproven`, now)
  )
    return { decision: { ...NOTHING, notices: [told], counts: ["unproven"] }, isSettled: isSettled(session) };
  const body = { type: "device.sighted", device, as: "windows", session: session.session, unproven: why } as const;
  const entry = { body, actor: `device:${device}`, commandId: `sighted:${session.session}:unproven` } as const;
  const decision = { ...NOTHING, entries: [entry], notices: [told], counts: ["unproven"] };
  return { decision, isSettled: isSettled(session) };
}

function progressOf(session: Session): Progress {
  const due = dueProof(session);
  if (due === null) return session.progress;
  return due === "device.relapsed" ? "relapsed" : "confirmed";
}

/** The entry that what was seen of this session's device proves, if it is not in the ledger yet. Decided on the newest state. */
export function proofDue(sessions: Sessions, id: string, seq: number): NewEntry | null {
  const session = sessions.byId.get(id);
  const due = session === undefined ? null : dueProof(session);
  if (session === undefined || due === null) return null;
  const body = { type: due, session: session.session, device: session.device };
  return { body, actor: "station", commandId: `${due}:${session.session}:${seq}` };
}
