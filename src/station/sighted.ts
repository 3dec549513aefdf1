import { type Sighting, see } from "../fleet/sighting.ts";
import type { NewEntry } from "../ledger/entry.ts";
import { dueProof, isSettled, type Progress, type Session, type Sessions } from "../rescue/session.ts";
import type { MacAddress } from "../wire/mac.ts";
import type { Budget } from "./budget.ts";

/** What is decided about a device that shows itself by a DHCP packet. */
interface Sighted {
  readonly decision: {
    readonly reply: null;
    readonly entries: readonly NewEntry[];
    readonly notices: readonly [];
    readonly counts: readonly string[];
  };
  /** True if its rescue is over, also by what this packet shows. */
  readonly isSettled: boolean;
}

const NOTHING: Sighted["decision"] = { reply: null, entries: [], notices: [], counts: [] };

/** Only devices with a report are of interest; one entry for each DHCP transaction, however often it is repeated. */
export function decideSighting(
  asked: {
    readonly question: { readonly device: MacAddress; readonly packet: { readonly xid: number } };
    readonly view: { readonly sessions: Sessions };
    readonly memory: { readonly sightings: Budget };
    readonly now: number;
  },
  as: Sighting,
): Sighted {
  const { question, view, memory, now } = asked;
  const { device, packet } = question;
  const session = view.sessions.byDevice.get(device);
  if (session === undefined) return { decision: NOTHING, isSettled: false };
  if (session.outcome === null) return { decision: NOTHING, isSettled: isSettled(session) };
  if (!memory.sightings.take(`${device} ${as}`, now))
    return { decision: { ...NOTHING, counts: ["flood"] }, isSettled: isSettled(session) };
  const commandId = `sighted:${session.session}:${as}:${packet.xid}`;
  // The ledger takes no command twice. Its proof is still due if the station was killed between the two.
  const repeated = session.sighted.has(commandId);
  const after = repeated ? session : { ...session, proof: see(session.proof, as, now) };
  const entry = { body: { type: "device.sighted", device, as }, actor: `device:${device}`, commandId } as const;
  const entries = repeated && dueProof(session) === null ? [] : [entry];
  return { decision: { ...NOTHING, entries }, isSettled: isSettled({ ...after, progress: progressOf(after) }) };
}

function progressOf(session: Session): Progress {
  const due = dueProof(session);
  if (due === null) return session.progress;
  return due === "device.relapsed" ? "relapsed" : "confirmed";
}

/** The entry that what was seen of this device proves, if it is not in the ledger yet. Decided on the newest state. */
export function proofDue(sessions: Sessions, device: MacAddress, seq: number): NewEntry | null {
  const session = sessions.byDevice.get(device);
  const due = session === undefined ? null : dueProof(session);
  if (session === undefined || due === null) return null;
  const body = { type: due, session: session.session, device };
  return { body, actor: "station", commandId: `${due}:${session.session}:${seq}` };
}
