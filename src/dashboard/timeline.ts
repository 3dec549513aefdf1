import type { Entry, EntryBody } from "../ledger/entry.ts";

/** One line of a device's story, for a person. `mark` says how to colour it. */
export interface TimelineLine {
  readonly at: number;
  /** Device MAC, or null for what concerns the station or the campaign. */
  readonly device: string | null;
  readonly mark: "good" | "bad" | "wait" | "plain";
  readonly text: string;
}

type Telling = (body: EntryBody) => Omit<TimelineLine, "at" | "device">;

const plain = (text: string) => ({ mark: "plain", text }) as const;
const good = (text: string) => ({ mark: "good", text }) as const;
const bad = (text: string) => ({ mark: "bad", text }) as const;
const wait = (text: string) => ({ mark: "wait", text }) as const;

const OUTCOMES_GOOD = new Set(["rescued", "already-clean"]);

/** What each kind of entry says to an operator. */
const TELLINGS: Readonly<Record<string, Telling>> = {
  "station.started": (b) => plain(`station ${b.station} serves on ${b.interface} (${b.address})`),
  "station.noticed": (b) => bad(String(b.text)),
  "vault.created": () => plain("vault created"),
  "vault.imported": (b) => plain(`vault import: ${b.deposited} deposited, ${b.rejected} rejected`),
  "vault.unsealed": () => plain("vault unsealed"),
  "vault.sealed": () => plain("vault sealed"),
  "campaign.armed": (b) => good(`campaign ${b.campaign} armed with remedy ${b.remedy}`),
  "campaign.halted": (b) => bad(`campaign ${b.campaign} HALTED: ${b.reason}`),
  "boot.offered": (b) => plain(`network boot offered (${b.firmware}, ${b.address})`),
  "boot.token-minted": () => plain("recovery image loaded, boot token handed out"),
  "session.opened": (b) => plain(`the agent says hello (session ${b.session}, pairing code ${b.pairing})`),
  "session.refused": (b) => bad(`hello refused: ${b.reason} (from ${b.address})`),
  "device.admitted": () => plain("admitted"),
  "device.held": (b) => wait(`waits: ${b.reason}`),
  "pairing.confirmed": () => good("pairing code confirmed by the operator"),
  "key.released": (b) => plain(`recovery password released for key protector ID ${b.protectorId}`),
  "key.refused": (b) => bad(`recovery password refused: ${b.reason}`),
  "plan.assigned": (b) => plain(`remedy ${b.remedy} assigned`),
  "agent.stage": (b) => plain(`device: ${b.stage}`),
  "session.reported": (b) =>
    OUTCOMES_GOOD.has(String(b.outcome)) ? good(`reported: ${b.outcome}`) : bad(`reported: ${b.outcome}`),
  "device.sighted": (b) =>
    plain(b.as === "windows" ? "seen: Windows asks for an address" : "seen: boots from the network"),
  "device.confirmed": () => good("came back: confirmed healthy"),
  "device.relapsed": () => bad("relapsed: it boots from the network again without having reached Windows"),
};

/** The line an entry adds to the story. An entry of an unknown kind is shown by its type: nothing is hidden. */
export function timelineLine({ at, body }: Entry): TimelineLine {
  const device = typeof body.device === "string" ? body.device : null;
  const telling = TELLINGS[body.type];
  return { at, device, ...(telling ? telling(body) : plain(body.type)) };
}
