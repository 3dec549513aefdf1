import { type BootState, deviceOfToken, hashOfToken, isContested } from "../boot/exchange.ts";
import type { Admission } from "../fleet/admission.ts";
import type { DeviceMarks } from "../fleet/inventory.ts";
import { areTwo } from "../fleet/machine.ts";
import type { NewEntry } from "../ledger/entry.ts";
import type { Plan } from "../remedy/plan.ts";
import type { Ipv4 } from "../wire/ipv4.ts";
import type { MacAddress } from "../wire/mac.ts";
import { ADVICE } from "./advice.ts";
import type { Answer, Hello, Report, StageMark } from "./message.ts";
import type { Reason } from "./message-words.ts";
import { GOOD_OUTCOMES, isSettled, SESSION_NOTES, type Session, type Sessions, sessionOf } from "./session.ts";

/** What the answers rest on: folds of the ledger, and what the campaign says of a device with these marks. */
export interface RescueView {
  readonly boots: BootState;
  readonly sessions: Sessions;
  readonly admit: (marks: DeviceMarks) => Admission;
}

/** What to write into the ledger, and what to say once that is durable. */
export interface Decision {
  readonly entries: readonly NewEntry[];
  readonly answer: Answer;
}

export function wait(reason: Reason): Answer {
  return { answer: "wait", reason, ...ADVICE[reason] };
}

export function refused(reason: Reason): Answer {
  return { answer: "refused", reason, text: ADVICE[reason].text };
}

/** Who asks, as far as the connection tells. */
interface Asking {
  readonly secretHash: string;
  readonly address: Ipv4;
  readonly now: number;
  /** A fresh identifier, used if a session is opened. */
  readonly freshId: string;
}

/**
 * Opens a session for a good, unused boot token. The same token with the same session secret is the agent asking again
 * because it lost the answer; with another secret it is a replay.
 */
export function answerHello(state: RescueView, hello: Hello, asking: Asking): Decision {
  const tokenHash = hashOfToken(hello.token);
  const open = state.sessions.byToken.get(tokenHash);
  if (open !== undefined) {
    if (open.secretHash === asking.secretHash)
      return { entries: [], answer: { answer: "session", session: open.session } };
    return refuseHello("token-used", asking, open.device);
  }
  const token = deviceOfToken(state.boots, tokenHash, asking.now);
  if (typeof token === "string") return refuseHello(token, asking, null);
  if (!hello.machine.macs.includes(token.device)) return refuseHello("device-mismatch", asking, token.device);
  const before = sessionOf(state.sessions, token.device, hello.machine.uuid);
  if (before !== undefined && isSettled(before)) return refuseHello("session-over", asking, token.device);

  const session = asking.freshId;
  const { device } = token;
  const { address, secretHash } = asking;
  const { token: _token, verb: _verb, ...seen } = hello;
  const opened = { type: "session.opened", session, device, address, tokenHash, secretHash, ...seen } as const;
  const entries = [byDevice(device, `hello:${tokenHash}`, opened)];
  const admission = state.admit({ ...hello.machine, macs: [device, ...hello.machine.macs] });
  if (admission.admitted) {
    const { campaign, name } = admission;
    const body = { type: "device.admitted", session, device, campaign: campaign.campaign, name } as const;
    entries.push(byStation(`admit:${session}`, body));
  }
  return { entries, answer: { answer: "session", session } };
}

function refuseHello(reason: Reason, { address, freshId }: Asking, device: MacAddress | null): Decision {
  const body = { type: "session.refused", reason, address, device } as const;
  return { entries: [byStation(`refuse:${freshId}`, body)], answer: refused(reason) };
}

/**
 * What the campaign says of this session's device now. A device that two addresses claim to be has to be looked at, and so
 * has one whose firmware booted by this MAC address with another UUID than its agent says: anybody can put a UUID into a
 * hello.
 */
export function admissionOf(state: RescueView, { device, marks, openedAt }: Session): Admission {
  const admission = state.admit(marks);
  const booted = state.boots.latest.get(device)?.uuid;
  const doubtful = isContested(state.boots, device, openedAt) || areTwo(booted, marks.uuid);
  if (!admission.admitted || !doubtful) return admission;
  return { ...admission, confirm: true };
}

/** Why nothing may be released to or changed on this session's device now; null if nothing stands in the way. */
export function gate(state: RescueView, session: Session): Reason | null {
  if (session.outcome !== null) return "session-over";
  if (state.sessions.byCard.get(session.device)?.includes(session) !== true) return "session-over";
  const admission = admissionOf(state, session);
  if (!admission.admitted) return admission.reason;
  return admission.confirm && !session.paired ? "awaiting-confirmation" : null;
}

/** `session-over` will not change by waiting; everything else a gate says may. */
export function heldOrRefused(session: Session, reason: Reason, freshId: string): Decision {
  if (reason === "session-over") {
    const refusal = { type: "key.refused", session: session.session, device: session.device, reason } as const;
    return noted(session, byStation(`key-refused:${freshId}`, refusal), refused(reason));
  }
  const body = { type: "device.held", session: session.session, device: session.device, reason } as const;
  // One entry for each time the reason changes, not for each time the agent asks.
  if (session.held === reason) return { entries: [], answer: wait(reason) };
  return noted(session, byStation(`held:${session.session}:${freshId}`, body), wait(reason));
}

/** Written down as long as the session has not filled its share of the ledger. */
function noted({ notes }: Session, entry: NewEntry, answer: Answer): Decision {
  return { entries: notes < SESSION_NOTES ? [entry] : [], answer };
}

/** The agent asks for its plan before it writes. Ask `gate` first: a halted campaign stops the device here, unchanged. */
export function answerPlan({ session, device }: Session, plan: Plan): Decision {
  const { remedy, remedySha256 } = plan;
  const body = { type: "plan.assigned", session, device, remedy, remedySha256 } as const;
  return { entries: [byStation(`plan:${session}:${remedySha256}`, body)], answer: { answer: "plan", plan } };
}

export function answerStage(session: Session, { stage, uptime }: StageMark): Decision {
  const body = { type: "agent.stage", session: session.session, device: session.device, stage, uptime } as const;
  const entry = byDevice(session.device, `stage:${session.session}:${stage}:${uptime}`, body);
  return noted(session, entry, { answer: "done", next: null });
}

/** The first report of a session counts; the agent repeats it until it hears `done`. */
export function answerReport(session: Session, { verb: _verb, ...report }: Report): Decision {
  const outcome = session.outcome ?? report.outcome;
  const body = { type: "session.reported", session: session.session, device: session.device, ...report } as const;
  const entry = byDevice(session.device, `report:${session.session}`, body);
  const next = GOOD_OUTCOMES.has(outcome) ? "reboot" : "stay";
  return { entries: session.outcome === null ? [entry] : [], answer: { answer: "done", next } };
}

function byStation(commandId: string, body: NewEntry["body"]): NewEntry {
  return { body, actor: "station", commandId };
}

function byDevice(device: string, commandId: string, body: NewEntry["body"]): NewEntry {
  return { body, actor: `device:${device}`, commandId };
}
