import { type Arrivals, arrives, mayArrive } from "../boot/arrivals.ts";
import type { BootClient, NotOursReason } from "../boot/client.ts";
import { type BootState, exchangeOf, otherAddress } from "../boot/exchange.ts";
import { type ImageName, imageName } from "../boot/image-id.ts";
import type { LeaseAnswer } from "../boot/lease.ts";
import { leaseDestination, leaseReply } from "../boot/lease-reply.ts";
import { bootFile, type UefiLoader } from "../boot/loader.ts";
import { ackDestination, type Destination, offerDestination, proxyAck, proxyOffer } from "../boot/offer.ts";
import { admit, type CampaignState, isListed } from "../campaign/campaign.ts";
import type { DhcpPacket } from "../dhcp/packet.ts";
import { areTwo } from "../fleet/machine.ts";
import type { NewEntry } from "../ledger/entry.ts";
import type { Sessions } from "../rescue/session.ts";
import { type Ipv4, isUnicast } from "../wire/ipv4.ts";
import type { MacAddress } from "../wire/mac.ts";
import { type BootQuestion, isPlausible } from "./boot-question.ts";
import { Budget } from "./budget.ts";
import type { Leases } from "./leases.ts";
import { type Notice, notice } from "./notice.ts";
import type { ServedInterface } from "./served-interface.ts";
import { decideFirmwareSighting, decideWindowsSighting } from "./sighted.ts";

/** What a boot decision rests on, folded from the ledger. It is only looked at. */
interface BootView {
  readonly campaign: CampaignState;
  readonly boots: BootState;
  readonly sessions: Sessions;
}

/** One LAN of the station. Nothing of this changes while it serves. */
interface BootLan {
  readonly served: ServedInterface;
  readonly httpPort: number;
  /** For which devices there is a recovery image. */
  readonly images: ReadonlySet<ImageName>;
  readonly uefiLoader: UefiLoader;
}

/** What a boot decision rests on beside the ledger, changed in place: it is gone when the station stops. */
export interface BootMemory {
  readonly exchanges: { readonly known: Budget; readonly stranger: Budget };
  readonly sightings: Budget;
  /** Null where everybody may load at any time. */
  readonly arrivals: Arrivals | null;
  /** Null where the station is a proxy beside the site's DHCP server. */
  readonly leases: Leases | null;
}

export interface BootDecision {
  /** Sent once the entries are in the ledger. */
  readonly reply: { readonly packet: DhcpPacket; readonly to: Destination } | null;
  readonly entries: readonly NewEntry[];
  readonly notices: readonly Notice[];
  /** What to count, by name. */
  readonly counts: readonly string[];
}

/** Boot exchanges of one device from one address, in a minute: each is an entry. Firmware asks once or twice. */
const EXCHANGES = { perKey: 5, keys: 16_384 };
/** Made-up MAC addresses must not use up what the inventory's devices need. */
const STRANGERS = { perKey: 5, keys: 1024 };
/** Sightings of one device, in a minute. */
const SIGHTINGS = { perKey: 10, keys: 16_384 };

/** What a device is that may have an address without a boot file. Firmware that cannot be booted gets neither. */
const BEYOND_FIRMWARE: ReadonlySet<NotOursReason> = new Set(["windows", "udhcp", "not-network-boot", "not-asking"]);

export function newBootMemory(leases: Leases | null, arrivals: Arrivals | null): BootMemory {
  const exchanges = { known: new Budget(EXCHANGES), stranger: new Budget(STRANGERS) };
  return { exchanges, sightings: new Budget(SIGHTINGS), arrivals, leases };
}

/** All that a decision is made on. */
interface Case {
  readonly question: BootQuestion;
  readonly view: BootView;
  readonly memory: BootMemory;
  readonly lan: BootLan;
  /** Milliseconds since 1970 UTC. */
  readonly now: number;
}

const NOTHING: BootDecision = { reply: null, entries: [], notices: [], counts: [] };

/**
 * What is done about one DHCP packet: silence to everyone who is not a boot client that the campaign admits, and an entry
 * for each device that comes back.
 */
export function decideBoot(asked: Case): BootDecision {
  const { client } = asked.question;
  return client.ours ? decideFirmware(asked, client) : decideBeyondFirmware(asked, client.reason);
}

/** The recovery image's agent, Windows, a device that gives its address back: they get no boot file. */
function decideBeyondFirmware(asked: Case, reason: NotOursReason): BootDecision {
  const { question, view, memory } = asked;
  const { device, packet, from } = question;
  const counted = { ...NOTHING, counts: [reason] };
  const seen = reason === "windows" ? joined(counted, decideWindowsSighting(asked).decision) : counted;
  const { leases } = memory;
  if (leases === null || !question.mayLease || !BEYOND_FIRMWARE.has(reason)) return seen;
  if (!leases.mayHaveOne(view, device, packet)) return seen;
  if (!isPlausible(packet, from.address)) return joined(seen, { ...NOTHING, counts: ["forged-address"] });
  const { answer, ...told } = leases.answer(view.campaign, device, packet, asked.now);
  const heard = joined(seen, { ...NOTHING, ...told });
  return typeof answer === "object" ? joined(heard, leased(asked, answer, null)) : heard;
}

function decideFirmware(asked: Case, client: BootClient): BootDecision {
  const { question, view, memory, lan, now } = asked;
  const { device, uuid, firmware } = client;
  const image = imageName(client.image);
  const admission = admit(view.campaign, { macs: [device], uuid });
  if (!admission.admitted) return silence(notice("not-answered", { device }, { why: admission.reason }));
  const { decision: sighted, isSettled } = decideFirmwareSighting(asked, uuid);
  const before = view.boots.latest.get(device);
  const shared = areTwo(before?.uuid, uuid) ? [notice("shared-adapter", { device })] : [];
  const seen = { ...sighted, notices: [...sighted.notices, ...shared] };
  const why = "rescued already, goes on to its disk";
  if (isSettled) return joined(seen, silence(notice("not-answered", { device }, { why })));
  if (!lan.images.has(image)) return joined(seen, silence(notice("no-image", { device }, { firmware, image })));
  const { arrivals } = memory;
  // It asks again: while so many others load their loaders it would wait for its own in vain.
  if (client.asks === "discover" && arrivals !== null && !mayArrive(arrivals, device, isKnown(asked), now))
    return joined(seen, { ...NOTHING, counts: ["later"], notices: [notice("many-arrivals", "loads")] });
  if (memory.leases === null || !question.mayLease) return joined(seen, decideProxy(asked, client));
  const { answer, ...told } = memory.leases.answer(view.campaign, device, question.packet, now);
  const heard = joined(seen, { ...NOTHING, ...told });
  if (typeof answer !== "object") return joined(heard, decideProxy(asked, client));
  const boot = proxyAck(client, question.packet, lan.served.address, fileFor(asked, client));
  const reply = leased(asked, answer, boot);
  return joined(heard, answer.kind === "ack" ? exchange(asked, client, answer.address, reply) : reply);
}

/** As a proxy beside the DHCP server that leases the address. */
function decideProxy(asked: Case, client: BootClient): BootDecision {
  const { question, lan } = asked;
  const { packet, from, answer } = question;
  if (answer === null) return NOTHING;
  const file = fileFor(asked, client);
  if (answer === "offer") {
    const offer = proxyOffer(client, packet, lan.served.address, file);
    return { ...NOTHING, counts: [answer], reply: { packet: offer, to: offerDestination(packet) } };
  }
  const address = answer === "lease-seen" ? (packet.options.requestedIpAddress ?? packet.ciaddr) : from.address;
  if (!isUnicast(address) || (answer === "ack" && from.port === 0)) return { ...NOTHING, counts: ["forged-address"] };
  const ack = { packet: proxyAck(client, packet, lan.served.address, file), to: ackDestination(packet, from) };
  return exchange(asked, client, address, { ...NOTHING, counts: [answer], reply: answer === "ack" ? ack : null });
}

/**
 * `then`, and the boot exchange as an entry. Neither, if this address has asked more often than is written down, and is
 * not known as this device's.
 */
function exchange(asked: Case, client: BootClient, address: Ipv4, then: BootDecision): BootDecision {
  const { question, view, memory, now } = asked;
  const { device, uuid, firmware } = client;
  const { xid, secs } = question.packet;
  const loads = () => {
    if (memory.arrivals !== null) arrives(memory.arrivals, device, isKnown(asked), now);
    return then;
  };
  if (!memory.exchanges[isKnown(asked) ? "known" : "stranger"].take(`${device} ${address}`, now)) {
    const flood = { ...NOTHING, counts: ["flood"] };
    return exchangeOf(view.boots, address, now)?.device === device ? joined(flood, loads()) : flood;
  }
  const one = otherAddress(view.boots, { device, address, at: now });
  const notices = one === null ? [] : [notice("two-addresses", { device }, { one, other: address })];
  const body = { type: "boot.offered", device, address, uuid, firmware } as const;
  const commandId = `boot:${device}:${address}:${xid}:${secs}:${firmware}:${uuid}`;
  return joined({ ...NOTHING, notices, entries: [{ body, actor: "station", commandId }] }, loads());
}

function leased({ question, lan }: Case, lease: LeaseAnswer, boot: DhcpPacket | null): BootDecision {
  const packet = leaseReply(lease, question.packet, lan.served, boot);
  return {
    ...NOTHING,
    counts: [`lease-${lease.kind}`],
    reply: { packet, to: leaseDestination(lease, question.packet) },
  };
}

function silence(told: Notice): BootDecision {
  return { ...NOTHING, counts: ["silence"], notices: [told] };
}

function fileFor({ lan }: Case, client: BootClient): string {
  return bootFile(client, { address: lan.served.address, httpPort: lan.httpPort }, lan.uefiLoader);
}

function isKnown({ view, question }: { readonly view: BootView; readonly question: { readonly device: MacAddress } }) {
  return isListed(view.campaign, question.device);
}

/** One after the other. The reply is the second one's. */
function joined(first: Omit<BootDecision, "reply">, second: BootDecision): BootDecision {
  return {
    reply: second.reply,
    entries: [...first.entries, ...second.entries],
    notices: [...first.notices, ...second.notices],
    counts: [...first.counts, ...second.counts],
  };
}
