import type { EntryBody } from "../ledger/entry.ts";
import type { Moment } from "./result.ts";

type Told = Pick<Moment, "mark" | "text">;

const GOOD_OUTCOMES = new Set(["rescued", "already-clean"]);

/** What the station writes down about a device, in the drill's words. Kinds not named here are told by their name. */
const TELLINGS: Readonly<Record<string, (body: EntryBody) => Told>> = {
  "boot.offered": (b) => ({
    mark: "plain",
    text: `firmware asks, station answers beside the site's DHCP (${b.firmware})`,
  }),
  "boot.token-minted": () => ({ mark: "plain", text: "recovery image loaded, one-time boot token handed out" }),
  "session.opened": (b) => ({ mark: "plain", text: `agent says hello, pairing code ${b.pairing}` }),
  "device.admitted": () => ({ mark: "plain", text: "admitted by the campaign" }),
  "device.held": (b) => ({ mark: "wait", text: `waits: ${b.reason}` }),
  "pairing.confirmed": () => ({ mark: "good", text: "operator matched the pairing code" }),
  "key.released": (b) => ({
    mark: "plain",
    text: `ledger written, then released: recovery password of ${b.protectorId}`,
  }),
  "key.refused": (b) => ({ mark: "wait", text: `recovery password refused: ${b.reason}` }),
  "plan.assigned": (b) => ({ mark: "plain", text: `remedy ${b.remedy} assigned` }),
  "agent.stage": (b) => ({ mark: "plain", text: `agent: ${b.stage}` }),
  "session.reported": (b) => ({
    mark: GOOD_OUTCOMES.has(String(b.outcome)) ? "good" : "wait",
    text: `reports: ${b.outcome}`,
  }),
  "device.sighted": (b) => ({
    mark: "plain",
    text: b.as === "windows" ? "asks for an address as Windows does" : "firmware asks for the network",
  }),
  "device.confirmed": () => ({ mark: "good", text: "station sees it back: confirmed" }),
  "device.relapsed": () => ({ mark: "bad", text: "relapsed: boots from the network again" }),
};

export function tell(body: EntryBody): Told {
  return TELLINGS[body.type]?.(body) ?? { mark: "plain", text: body.type };
}
