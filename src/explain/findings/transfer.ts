import { isWhole, loadsOf } from "../attempt.ts";
import type { ClosedSeen, LoadSeen, MtuSeen } from "../seen.ts";
import { grouped, seconds } from "../text.ts";
import { latest, listed, quiet, type Rule } from "./finding.ts";
import { bootServerElsewhere } from "./offer.ts";
import { grubWrongServer } from "./program.ts";

/** Below this many blocks an option that was not granted costs nothing worth a word. */
const MANY_BLOCKS = 64;
/** The largest block that fits one Ethernet frame: 1500 less the headers of IPv4, UDP and TFTP (RFC 2348). */
const LARGEST_UNFRAGMENTED = 1468;
const OPTION_REFUSED = 8;
const MANY_PAUSES = 5;
/** Firmware that goes on does so within milliseconds. */
const ASKS_AGAIN_MS = 8_000;

const tftp = (loads: readonly LoadSeen[]) => loads.filter(({ over }) => over === "tftp");
/** Loads that came to nothing: the same file did not arrive whole later, either. */
const inVain = (loads: readonly LoadSeen[]) =>
  loads.filter((load) => !loads.some((later) => later.name === load.name && later.at >= load.at && isWhole(later)));

export const tftpUnanswered: Rule = (scene) => {
  const loads = loadsOf(scene.attempt);
  const silent = inVain(tftp(loads)).filter((load) => load.ending === "unanswered" && load.answeredFrom === null);
  const closed = scene.attempt.seen.some(({ what }) => what === "closed");
  if (silent.length === 0 || closed || bootServerElsewhere(scene) !== null || grubWrongServer(scene) !== null)
    return null;
  const asks = silent.reduce((sum, load) => sum + load.asks, 0);
  return {
    what: `The device asked ${listed(silent.map(({ to }) => to.address))} over TFTP for ${listed(silent.map(({ name }) => name))}, ${asks} times, and got no answer.`,
    cure: "A firewall drops UDP port 69 or the answers: TFTP answers from another port, and a firewall between device and server must allow that. Open the firewall, or put the station into the devices' own LAN.",
    by: silent,
  };
};

export const portClosed: Rule = (scene) => {
  const closed = scene.attempt.seen.filter(
    (each): each is ClosedSeen => each.what === "closed" && each.to.port !== 4011 && each.to.port !== 68,
  );
  if (closed.length === 0 || bootServerElsewhere(scene) !== null) return null;
  const [{ to, protocol, how }] = closed as [ClosedSeen];
  if (protocol === "arp")
    return {
      what: `The device wanted to boot from ${to.address}, and no machine on this LAN has that address (no answer to ARP).`,
      cure: `Is ${to.address} switched on, in the same VLAN, and is that still its address? If not, correct the DHCP server's setting (next-server, option 66).`,
      by: closed,
    };
  const service = ({ 69: "TFTP", 80: "HTTP", 443: "the station's agent service" } as Record<number, string>)[to.port];
  return {
    what: `The device tried ${protocol.toUpperCase()} port ${to.port}${service === undefined ? "" : ` (${service})`} of ${to.address}, and ${how === "refused" ? "that machine says that no program listens there" : "got no answer"}.`,
    cure:
      how === "refused"
        ? `Start the server at ${to.address}, or correct the address that the device got from the DHCP server.`
        : `Open ${protocol.toUpperCase()} port ${to.port} in the firewall of ${to.address}, and check that the machine is on.`,
    by: closed,
  };
};

export const answeredFromElsewhere: Rule = ({ attempt }) => {
  const odd = inVain(tftp(loadsOf(attempt))).filter(({ answeredFrom }) => answeredFrom !== null);
  if (odd.length === 0) return null;
  return {
    what: `The device asked ${odd[0]!.to.address} for ${odd[0]!.name}, and the answer came from another address, ${odd[0]!.answeredFrom}: firmware drops it.`,
    cure: "The server has two addresses in this LAN. Bind its TFTP service to the address that it names in its offers (breakglass serve --address).",
    by: odd,
  };
};

export const optionsRefused: Rule = ({ attempt }) => {
  const refused = inVain(tftp(loadsOf(attempt))).filter(({ code, by }) => code === OPTION_REFUSED && by === "server");
  if (refused.length === 0) return null;
  const [load] = refused as [LoadSeen];
  const { blksize, windowsize } = load.asked ?? {};
  const asked = [blksize && `blksize ${blksize}`, windowsize && `windowsize ${windowsize}`].filter(Boolean).join(", ");
  return {
    what: `${load.to.address} refused the device's options for ${load.name} (${asked}): ERROR 8 "${load.message}". Firmware does not ask again without them.`,
    cure: "Replace that TFTP server, or switch the refusal off (tftpd-hpa: remove --refuse). A server should ignore options that it does not know (RFC 2347).",
    by: refused,
  };
};

export const blockSizeRefused: Rule = ({ attempt }) => {
  const small = tftp(loadsOf(attempt)).filter(
    ({ asked, granted, lastBlock }) =>
      asked?.blksize !== undefined &&
      asked.blksize > 512 &&
      granted !== null &&
      granted.blksize === undefined &&
      lastBlock > MANY_BLOCKS,
  );
  if (small.length === 0) return null;
  const [load] = small as [LoadSeen];
  return {
    what: `The device asked ${load.to.address} for blocks of ${load.asked!.blksize} bytes (${load.name}) but got only 512: nearly three times as many round trips.`,
    cure: `The TFTP server at ${load.to.address} refuses blksize (tftpd-hpa: --refuse blksize; dnsmasq: tftp-no-blocksize). Remove that.`,
    by: small,
  };
};

export const windowSizeIgnored: Rule = ({ attempt }) => {
  const slow = tftp(loadsOf(attempt)).filter(
    ({ asked, granted, lastBlock }) =>
      (asked?.windowsize ?? 1) > 1 && granted !== null && (granted.windowsize ?? 1) === 1 && lastBlock > MANY_BLOCKS,
  );
  if (slow.length === 0) return null;
  const [load] = slow as [LoadSeen];
  return {
    what: `The device asked ${load.to.address} for windows of ${load.asked!.windowsize} blocks (${load.name}), and got one block per round trip: ${grouped(load.bytes)} bytes took ${seconds(load.endedAt - load.at)}.`,
    cure: `The TFTP server at ${load.to.address} does not know windowsize (RFC 7440). It works, but slowly. The station supports it.`,
    by: slow,
  };
};

export const negotiationAborted: Rule = (scene) => {
  const loads = loadsOf(scene.attempt);
  const aborted = tftp(loads).filter(
    (load) =>
      load.ending === "aborted" &&
      load.by === "device" &&
      load.code === OPTION_REFUSED &&
      load.lastBlock === 0 &&
      // Firmware asks for the size, ends that with ERROR 8, and then asks for the file: that is as it should be.
      !loads.some((later) => later.name === load.name && later.at >= load.endedAt),
  );
  if (aborted.length === 0 || !quiet(scene, latest(aborted), ASKS_AGAIN_MS)) return null;
  const [load] = aborted as [LoadSeen];
  const granted = Object.entries(load.granted ?? {}).map(([name, value]) => `${name} ${value}`);
  return {
    what: `The device did not accept the options that ${load.to.address} granted for ${load.name} (${granted.join(", ") || "none"}), ended with ERROR 8, and did not ask again.`,
    cure: "The server granted more than the device asked for, or this firmware does not have enough memory for the file. Try another TFTP server or HTTP Boot, and update the firmware.",
    by: aborted,
  };
};

/** Headers of IPv4, UDP and TFTP before a block. */
const HEADERS = 32;

export const smallerMtu: Rule = ({ attempt }) => {
  const told = attempt.seen.filter((each): each is MtuSeen => each.what === "mtu");
  const stuck = inVain(tftp(loadsOf(attempt))).filter(({ to, granted }) =>
    told.some((each) => each.to.address === to.address && (granted?.blksize ?? 512) + HEADERS > each.mtu),
  );
  if (stuck.length === 0 || told.length === 0) return null;
  const [load] = stuck as [LoadSeen];
  const { mtu, router } = told.reduce((least, each) => (each.mtu < least.mtu ? each : least));
  const block = load.granted?.blksize ?? 512;
  return {
    what: `The path to the device takes packets of at most ${grouped(mtu)} bytes (ICMP "fragmentation needed" of ${router}): blocks of ${grouped(block)} bytes of ${load.name} need ${grouped(block + HEADERS)}, and do not arrive.`,
    cure: `Give the TFTP server at ${load.to.address} a largest block of ${mtu - HEADERS} bytes (the station: breakglass serve --largest-block ${mtu - HEADERS}; dnsmasq: tftp-mtu=${mtu}), or raise the MTU of the path to 1500.`,
    by: [...told, ...stuck],
  };
};

export const transferStalled: Rule = (scene) => {
  const { attempt } = scene;
  if (smallerMtu(scene) !== null) return null;
  const stalled = inVain(tftp(loadsOf(attempt))).filter(
    ({ ending, answeredFrom }) => ending === "stalled" && answeredFrom === null,
  );
  const [load] = stalled;
  if (load === undefined || isRollover(load)) return null;
  const { name, lastBlock, by, size, granted, fragmented, blocksRepeated } = load;
  const large = (granted?.blksize ?? 512) > LARGEST_UNFRAGMENTED;
  const who =
    by === "device"
      ? `the device stopped answering${blocksRepeated === 0 ? "" : `, and the server repeated ${blocksRepeated} blocks without success`}`
      : "the server stopped sending";
  return {
    what: `The load of ${name} stalled${load.frames === null ? "" : ` at block ${grouped(lastBlock)}`}${size === null ? "" : ` (${grouped(load.bytes)} of ${grouped(size)} bytes)`}: ${who}.${large ? ` Its blocks of ${granted!.blksize} bytes do not fit into one frame${fragmented ? " and were sent in fragments" : ""}.` : ""}`,
    cure: large
      ? "Fragments are lost on the way, usually in a firewall or VPN. Lower the TFTP server's largest block to 1468, in a VPN to 1300 (the station: breakglass serve --largest-block 1300)."
      : "Was the device switched off, or the cable pulled? If it happens at the same block again: another cable and switch port, then another firmware version. At block 0 or 1: a firewall lets the first packet through but not the next ones.",
    by: stalled,
  };
};

const isRollover = ({ lastBlock }: LoadSeen) => lastBlock >= 65_534 && lastBlock <= 65_537;

export const blockRollover: Rule = ({ attempt }) => {
  const stuck = inVain(tftp(loadsOf(attempt))).filter((load) => load.ending !== "cut" && isRollover(load));
  if (stuck.length === 0) return null;
  const [load] = stuck as [LoadSeen];
  return {
    what: `The load of ${load.name} ended at block 65,535, the largest 16-bit block number of TFTP: device or server does not continue with 0.`,
    cure: "Use larger blocks (blksize 1428 or 1468), or load this file over HTTP. The station sends files of this size over HTTP.",
    by: stuck,
  };
};

export const transferAborted: Rule = ({ attempt }) => {
  const aborted = inVain(loadsOf(attempt)).filter(
    ({ ending, code, over, by, lastBlock }) =>
      ending === "aborted" && (over === "http" || lastBlock > 0 || by === "server" || code !== OPTION_REFUSED),
  );
  if (aborted.length === 0) return null;
  const [load] = aborted as [LoadSeen];
  const who = load.by === "server" ? load.to.address : "the device";
  return {
    what: `The load of ${load.name} from ${load.to.address} was aborted by ${who} after ${grouped(load.bytes)} bytes${load.code === null || load.over === "http" ? "" : ` (ERROR ${load.code} "${load.message}")`}.`,
    cure:
      load.by === "server"
        ? "Check that server: was it stopped, is its disk readable? Then boot the device again."
        : "The device was switched off, or has not enough memory for the file: the recovery image needs 1 GB. Boot it again. If it stops at the same place, check its memory.",
    by: aborted,
  };
};

/** Sorcerer's Apprentice (RFC 1123 section 4.2.3.1): each acknowledgement is answered twice, and so on to the end. */
export const everyBlockTwice: Rule = ({ attempt }) => {
  const doubled = tftp(loadsOf(attempt)).filter(
    ({ lastBlock, blocksRepeated }) => lastBlock > 16 && blocksRepeated >= 0.8 * lastBlock,
  );
  if (doubled.length === 0) return null;
  const [load] = doubled as [LoadSeen];
  return {
    what: `Of ${load.name}, ${load.to.address} sent ${grouped(load.blocksRepeated)} of ${grouped(load.lastBlock)} blocks again: it answers each repeated acknowledgement with a block (a retransmission storm, Sorcerer's Apprentice).`,
    cure: "That TFTP server has a defect: replace it. If the capture point sees each frame twice (a mirror port of two ports), capture again elsewhere.",
    by: doubled,
  };
};

/** One in twenty is more than any wired LAN loses that is in order. */
export const lossyNetwork: Rule = (scene) => {
  if (everyBlockTwice(scene) !== null) return null;
  const loads = tftp(loadsOf(scene.attempt)).filter(({ ending, lastBlock }) => ending !== "stalled" && lastBlock > 0);
  const sum = (number: (load: LoadSeen) => number) => loads.reduce((total, load) => total + number(load), 0);
  const blocks = sum(({ lastBlock }) => lastBlock);
  const repeated = sum(({ blocksRepeated, acksRepeated }) => Math.max(blocksRepeated, acksRepeated));
  // What was lost before it came to where the capture was made is not seen, but it is waited for.
  const pauses = sum((load) => load.pauses);
  const many = repeated >= 20 && repeated >= blocks / 20;
  if (!many && pauses < MANY_PAUSES) return null;
  return {
    what: `The network loses packets: ${many ? `${grouped(repeated)} repetitions for ${grouped(blocks)} blocks` : `loads paused ${pauses} times for a second or more and then continued`}.`,
    cure: "First try another cable and another switch port. Then check the port's error counters, and its speed and duplex (both ends on auto).",
    by: loads.filter((load) => load.blocksRepeated + load.acksRepeated + load.pauses > 0),
  };
};
