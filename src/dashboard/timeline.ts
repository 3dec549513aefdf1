import type { Entry } from "../ledger/entry.ts";
import { type BodyOf, deviceOf, type EntryType } from "../ledger/events/event.ts";
import { NOT_LOOKED_AT } from "../rescue/message-words.ts";
import { GOOD_OUTCOMES } from "../rescue/session.ts";

/** One line of a device's story, for a person. `mark` says how to colour it. */
export interface TimelineLine {
  readonly at: number;
  /** Device MAC, or null for what concerns the station or the campaign. */
  readonly device: string | null;
  readonly mark: "good" | "bad" | "wait" | "plain";
  readonly text: string;
}

type Telling = Pick<TimelineLine, "mark" | "text">;

const plain = (text: string) => ({ mark: "plain", text }) as const;
const good = (text: string) => ({ mark: "good", text }) as const;
const bad = (text: string) => ({ mark: "bad", text }) as const;
const wait = (text: string) => ({ mark: "wait", text }) as const;

const SEALED = {
  stop: "",
  idle: ": nothing was released for a while",
  halt: ": the campaign was halted",
} as const;

/** What each kind of entry says to an operator. */
const TELLINGS: { readonly [Type in EntryType]: (body: BodyOf<Type>) => Telling } = {
  "station.started": (b) => plain(`station ${b.station} serves on ${b.interface} (${b.address})`),
  "station.noticed": (b) => bad(b.text),
  "station.key-made": (b) => plain(`the station signs with key ${b.publicKey}`),
  "station.key-replaced": (b) => wait(`the station signs with another key: ${b.publicKey}, before it ${b.before}`),
  "ledger.checkpointed": (b) => plain(`ledger checkpoint signed: ${b.seq}:${b.hash}`),
  "ledger.adopted": (b) => wait(`another station took the ledger over: ${b.reason ?? "it gave no reason"}`),
  "vault.created": () => plain("vault created"),
  "vault.imported": (b) => plain(`vault import: ${b.deposited} deposited, ${b.rejected} rejected`),
  "vault.synced": (b) =>
    b.complete
      ? plain(`vault sync of ${b.source}: ${b.deposited} deposited, ${b.rejected} rejected`)
      : bad(`vault sync of ${b.source} did not complete: ${b.failed}`),
  "vault.unsealed": () => plain("vault unsealed"),
  "vault.sealed": (b) => (b.reason === "stop" ? plain : wait)(`vault sealed${SEALED[b.reason]}`),
  "vault.rekeyed": () => wait("vault: a new passphrase"),
  "vault.split": (b) => wait(`vault: custodians, any ${b.threshold} of ${b.shares}, set ${b.setId}`),
  "vault.lock-removed": (b) => wait(`vault: lock removed (${b.kind})`),
  "vault.checking": () => plain("vault: checking every record"),
  "vault.checked": (b) => (b.bad === 0 && b.damage === 0 ? good : bad)(`vault checked: ${b.bad} of ${b.deposits} bad`),
  "vault.backed-up": (b) => plain(`vault backed up: ${b.deposits} deposits`),
  "vault.restored": (b) => wait(`vault restored from a backup: ${b.deposits} deposits`),
  "vault.ledger-changed": (b) => bad(`the vault continues without its ledger ${b.was}: ${b.reason}`),
  "coverage.checked": (b) =>
    plain(`coverage of ${b.inventory} checked: ${b.covered} of ${b.devices} devices (${b.percent} %)`),
  "campaign.armed": (b) => good(`campaign ${b.campaign} armed with remedy ${b.remedy}`),
  "campaign.halted": (b) => bad(`campaign ${b.campaign} HALTED: ${b.reason}`),
  "boot.offered": (b) =>
    plain(`firmware asks, the station answers beside the site's DHCP (${b.firmware}, ${b.address})`),
  "boot.token-minted": () => plain("recovery image loaded, one-time boot token handed out"),
  "session.opened": (b) => plain(`agent says hello, pairing code ${b.pairing}, session ${b.session}`),
  "session.refused": (b) => bad(`refused: ${b.reason} (from ${b.address})`),
  "device.admitted": () => plain("admitted by the campaign"),
  "device.held": (b) => wait(`waits: ${b.reason}`),
  "pairing.confirmed": () => good("pairing code confirmed by the operator"),
  "key.released": (b) => plain(`ledger written, then released: recovery password of ${b.protectorId}`),
  "key.refused": (b) => bad(`recovery password refused: ${b.reason}`),
  "token.created": (b) => plain(`token ${b.name} made for the operator API: ${b.scopes.join(", ")}`),
  "token.revoked": (b) => plain(`token ${b.name} revoked: ${b.reason}`),
  "api.called": (b) => (b.outcome === "answered" ? plain : wait)(`operator API: ${b.route}, ${b.outcome}`),
  "api.refused": (b) => bad(`operator API refused: ${b.reason} (from ${b.address})`),
  "key.released-by-hand": (b) =>
    wait(`ledger written, then released by hand: recovery password of ${b.protectorId} (${b.reason})`),
  "key.refused-by-hand": (b) => bad(`recovery password refused to a person: ${b.reason}`),
  "key.rotated": (b) => plain(`reported as rotated: ${b.deviceName ?? "a device"} (${b.reason})`),
  "plan.assigned": (b) => plain(`remedy ${b.remedy} assigned`),
  "agent.stage": (b) => plain(`agent: ${b.stage}`),
  "session.reported": (b) => (GOOD_OUTCOMES.has(b.outcome) ? good : wait)(`reports: ${b.outcome}${unseen(b)}`),
  "device.sighted": (b) =>
    b.unproven !== undefined
      ? wait(
          `a Windows asks for an address by its network card, and this does not prove that it is back (${b.unproven})`,
        )
      : plain(b.as === "windows" ? "asks for an address as Windows does" : "its firmware asks for the network again"),
  "device.confirmed": () => good("came back: confirmed healthy"),
  "device.relapsed": () => bad("relapsed: it boots from the network again without having reached Windows"),
};

/** The volumes that can hold a Windows and were not looked at, with the reason for each. */
function unseen({ volumes }: BodyOf<"session.reported">): string {
  const closed = volumes.filter(({ look }) => look !== undefined && NOT_LOOKED_AT.has(look));
  if (closed.length === 0) return "";
  return `; not looked at: ${closed.map(({ volume, look }) => `volume ${volume} (${look})`).join(", ")}`;
}

/** What an entry says, in a few words. */
export function telling<Type extends EntryType>(body: BodyOf<Type>): Telling {
  return TELLINGS[body.type](body);
}

/** The line an entry adds to the story. */
export function timelineLine({ at, body }: Entry): TimelineLine {
  return { at, device: deviceOf(body), ...telling(body) };
}
