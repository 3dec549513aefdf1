import { ARCHITECTURE_NAMES } from "../dhcp/registry.ts";
import { baseName, isWhole, serverOf } from "./attempt.ts";
import type { ExplainedAttempt, ExplainedDevice, Explanation, Finding } from "./explain.ts";
import type { ClosedSeen, Dhcp6Seen, DhcpSeen, LoadSeen, Seen, TlsSeen } from "./seen.ts";
import { count, grouped, seconds } from "./text.ts";

/** Lines for a person; `mark` says how to colour them. */
export interface PictureLine {
  readonly mark: "plain" | "heading" | "finding" | "cure" | "good";
  readonly text: string;
}

/** Cells of the bar that shows where in an attempt something happened, and how long it took. */
const BAR = 24;

/** The whole story: each device, each of its attempts on a time axis of its own, and what went wrong. */
export function picture(explanation: Explanation): PictureLine[] {
  const { devices } = explanation;
  if (devices.length === 0)
    return [{ mark: "plain", text: "No device in it booted from the network: no PXE or HTTP Boot question, no TFTP." }];
  return devices.flatMap(drawDevice);
}

/** `pcap, Ethernet, 1,234 frames in 62.100 s, 2 devices`. */
export function summary(explanation: Explanation): string {
  const { format, linkTypes, vlans, frames, from, to, devices, cutFrames, lostDevices } = explanation;
  const parts = [
    [format, ...linkTypes].join(", "),
    ...(vlans.length === 0 ? [] : [`VLAN ${vlans.join(", ")}`]),
    `${count(frames, "frame")} in ${seconds((to ?? 0) - (from ?? 0))}`,
    ...(cutFrames === 0 ? [] : [`${count(cutFrames, "frame")} not kept whole`]),
    count(devices.length, "device"),
    ...(lostDevices === 0 ? [] : [`${count(lostDevices, "device")} left out`]),
  ];
  return parts.join("; ");
}

/** `frame 3`, `frames 3, 5 and 7-1,204`. */
function frameList(frames: Finding["frames"]): string {
  const spans = frames.map(([first, last]) => (first === last ? `${first}` : `${first}-${last}`));
  const shown = spans.length > 8 ? [...spans.slice(0, 8), `${spans.length - 8} more`] : spans;
  return `frame${spans.length === 1 && !spans[0]!.includes("-") ? "" : "s"} ${shown.join(", ")}`;
}

function drawDevice({ name, addresses, attempts, lost }: ExplainedDevice): PictureLine[] {
  const others = addresses.filter((address) => address !== name);
  const left = lost === 0 ? "" : `; ${count(lost, "older boot")} left out`;
  return [
    { mark: "plain", text: "" },
    { mark: "heading", text: `${name}  ${others.join(", ") || "no address seen"}${left}` },
    ...attempts.flatMap(drawAttempt),
  ];
}

function drawAttempt(attempt: ExplainedAttempt): PictureLine[] {
  const { number, startedAt, lastAt, firmware, architecture, seen, lost, findings } = attempt;
  const kind =
    firmware ??
    (architecture === null
      ? "firmware not seen"
      : (ARCHITECTURE_NAMES.get(architecture) ?? `architecture ${architecture}`));
  const at = `${new Date(startedAt).toISOString().replace("T", " ").slice(0, 19)}Z`;
  const loaded = seen.flatMap((each) => (each.what === "load" || each.what === "closed" ? [each.endedAt] : []));
  const axis = {
    start: startedAt,
    length: Math.max(1, Math.max(...loaded, loaded.length === 0 ? lastAt : 0) - startedAt),
  };
  return [
    { mark: "plain", text: `  boot ${number}, ${at}, ${kind}` },
    ...drawSeen(seen, axis),
    ...(lost === 0 ? [] : [{ mark: "plain", text: `    (${lost} more not shown)` } as const]),
    ...findings.flatMap(drawFinding),
    ...(findings.length === 0 ? [{ mark: "plain", text: "    nothing wrong found in this boot" } as const] : []),
  ];
}

function drawFinding({ reason, what, cure, frames }: Finding): PictureLine[] {
  const proof = frames.length === 0 ? "" : `  (${frameList(frames)})`;
  return [
    { mark: "finding", text: `  ! ${reason}: ${what}${proof}` },
    { mark: "cure", text: `    do: ${cure}` },
  ];
}

interface Axis {
  readonly start: number;
  readonly length: number;
}

/** What Windows and its DHCP server say to each other is one line: it is up. */
function drawSeen(seen: readonly Seen[], axis: Axis): PictureLine[] {
  const windowsAt =
    seen.find((each) => each.what === "dhcp" && each.program === "windows")?.at ?? Number.POSITIVE_INFINITY;
  const told = seen.filter(
    (each) =>
      each.what !== "dhcp" ||
      each.at < windowsAt ||
      (each.program === "windows" && each.at === windowsAt) ||
      each.program === "firmware",
  );
  return told.map((each) => {
    const more =
      each.what === "tls" && each.times > 1 ? `, and ${each.times - 1} more until ${since(each.endedAt, axis)}` : "";
    return { mark: isGood(each) ? "good" : "plain", text: drawLine(each, axis) + more };
  });
}

const since = (at: number, { start }: Axis) => ((at - start) / 1000).toFixed(3);

/** Time since the attempt began, where on its time axis that is, who to whom, what. */
function drawLine(seen: Seen, axis: Axis): string {
  const time = since(seen.at, axis).padStart(9);
  const { arrow, text } = drawn(seen);
  return `${time} ${drawBar(seen, axis)} ${arrow.padEnd(18)} ${text}`;
}

function drawBar({ at, endedAt }: Seen, { start, length }: Axis): string {
  if (at > start + length) return `|${" ".repeat(BAR)}|`;
  const cell = (when: number) => Math.min(BAR - 1, Math.max(0, Math.floor(((when - start) / length) * BAR)));
  // The clock of the machine that captured may have been set back meanwhile.
  const [first, last] = [cell(at), Math.max(cell(at), cell(endedAt))];
  return `|${" ".repeat(first)}${"#".repeat(last - first + 1)}${" ".repeat(BAR - 1 - last)}|`;
}

function drawn(seen: Seen): { readonly arrow: string; readonly text: string } {
  switch (seen.what) {
    case "dhcp":
      return drawDhcp(seen);
    case "load":
      return { arrow: `-> ${seen.to.address}`, text: drawLoad(seen) };
    case "tls":
      return { arrow: `-> ${seen.to.address}`, text: drawTls(seen) };
    case "dhcp6":
      return { arrow: seen.message === "SOLICIT" ? "-> everyone (IPv6)" : "<- (IPv6)", text: drawDhcp6(seen) };
    case "mtu":
      return {
        arrow: `-> ${seen.to.address}`,
        text: `ICMP of ${seen.router}: packets of at most ${seen.mtu} bytes pass`,
      };
    case "closed":
      return { arrow: `-> ${seen.to.address}`, text: drawClosed(seen) };
  }
}

const SPEAKERS: Readonly<Record<DhcpSeen["program"], string>> = {
  firmware: "",
  ipxe: " (iPXE)",
  windows: " (Windows is up)",
  "recovery-image": " (the recovery image)",
  other: "",
};

function drawDhcp(seen: DhcpSeen): { readonly arrow: string; readonly text: string } {
  const { message, from, to, times, endedAt, at, bootServer, program, giaddr } = seen;
  const answers = message === "OFFER" || message === "ACK" || message === "NAK";
  const again = times === 1 ? "" : `, ${times} times in ${seconds(endedAt - at)}`;
  const port = bootServer ? " on port 4011" : "";
  const relay = giaddr === "0.0.0.0" ? "" : ` by relay ${giaddr}`;
  const facts = answers ? answerFacts(seen) : questionFacts(seen);
  const everyone = to.address === "255.255.255.255" ? "everyone" : to.address;
  return {
    arrow: answers ? `<- ${from.address}` : `-> ${everyone}`,
    text: `${message}${SPEAKERS[program]}${port}${relay}${facts === "" ? "" : `: ${facts}`}${again}`,
  };
}

function drawDhcp6({ message, vendorClass, times, at, endedAt }: Dhcp6Seen): string {
  const again = times === 1 ? "" : `, ${times} times in ${seconds(endedAt - at)}`;
  return `DHCPv6 ${message}${vendorClass === null ? "" : `: ${vendorClass.split(":").slice(0, 3).join(":")}`}${again}`;
}

function answerFacts(seen: DhcpSeen): string {
  const { yiaddr, siaddr, tftpServerName, bootFile, vendorClass, bootMenu, message } = seen;
  const facts = [
    ...(yiaddr === "0.0.0.0" ? [] : [`leases ${yiaddr}`]),
    ...(vendorClass === null ? [] : [vendorClass]),
    ...(bootFile === null ? [] : [`boot file ${bootFile}`]),
    ...(siaddr === "0.0.0.0" || siaddr === serverOf(seen) ? [] : [`from ${siaddr}`]),
    ...(tftpServerName === null || tftpServerName === siaddr ? [] : [`option 66 ${tftpServerName}`]),
    ...(bootMenu ? ["option 43 with a menu"] : []),
  ];
  return facts.join(", ") || (message === "NAK" ? "" : "nothing to boot");
}

function questionFacts({
  message,
  vendorClass,
  requestedAddress,
  serverIdentifier,
  relayInformation,
}: DhcpSeen): string {
  const facts = [
    ...(vendorClass === null || message !== "DISCOVER" ? [] : [vendorClass.split(":").slice(0, 3).join(":")]),
    ...(requestedAddress === null ? [] : [requestedAddress]),
    ...(serverIdentifier === null ? [] : [`of ${serverIdentifier}`]),
    ...(relayInformation ? ["option 82"] : []),
  ];
  return facts.join(", ");
}

function drawLoad(load: LoadSeen): string {
  const { over, method, name, asks, bytes, size, granted, blocksRepeated, acksRepeated, at, endedAt, code } = load;
  const sized =
    size !== null && size > 0 && size !== bytes
      ? `${grouped(bytes)} of ${grouped(size)} bytes`
      : `${grouped(bytes)} bytes`;
  const facts = [
    ...(method === "HEAD" || bytes === 0 ? [] : [sized]),
    ...(over === "http" && code !== null ? [`${code}`] : []),
    ...(granted?.blksize === undefined ? [] : [`blksize ${granted.blksize}`]),
    ...(granted?.windowsize === undefined ? [] : [`windowsize ${granted.windowsize}`]),
    ...(asks > 1 ? [`asked ${asks} times`] : []),
    ...(blocksRepeated > 0 ? [`${grouped(blocksRepeated)} blocks again`] : []),
    ...(acksRepeated > 0 ? [`${grouped(acksRepeated)} ACKs again`] : []),
    seconds(endedAt - at),
    ...ending(load),
  ];
  return `${over === "tftp" ? "TFTP" : `HTTP ${method}`} ${name}: ${facts.join(", ")}`;
}

function ending(load: LoadSeen): string[] {
  const { ending: how, by, code, message, over, granted, lastBlock } = load;
  const who = by === null ? "" : by === "device" ? " by the device" : " by the server";
  const said = code === null || over === "http" ? "" : ` (ERROR ${code}${message === "" ? "" : ` "${message}"`})`;
  if (how === "finished") return over === "http" && !isWhole(load) && load.method !== "HEAD" ? ["not whole"] : [];
  if (how === "refused") return [`refused${said}`];
  if (how === "aborted" && by === "device" && code === 8 && lastBlock === 0 && granted?.tsize !== undefined)
    return [`asked for the size alone (${grouped(granted.tsize)} bytes)`];
  if (how === "aborted") return [`aborted${who}${said}`];
  if (how === "stalled") return [`STALLED at block ${grouped(lastBlock)}: silence${who.replace(" by", " of")}`];
  return [how === "unanswered" ? "NO ANSWER" : "the capture ends here"];
}

function drawTls({ ending: how, by, alert, to }: TlsSeen): string {
  const who = by === "device" ? "the device" : "the server";
  const ends: Readonly<Record<TlsSeen["ending"], string>> = {
    finished: "the agent is connected",
    refused: `REFUSED by ${who}${alert === null ? "" : `, alert ${alert}`}`,
    aborted: `aborted by ${who}`,
    stalled: "no end of the handshake",
    unanswered: "NO ANSWER",
    cut: "the capture ends here",
  };
  return `TLS to port ${to.port}: ${ends[how]}`;
}

function drawClosed({ protocol, to, how }: ClosedSeen): string {
  if (protocol === "arp") return "who has that address? NOBODY ANSWERS";
  return `${protocol.toUpperCase()} port ${to.port}: ${how === "refused" ? "NOTHING LISTENS THERE" : "NO ANSWER"}`;
}

function isGood(seen: Seen): boolean {
  if (seen.what === "dhcp") return seen.program === "windows";
  return (
    (seen.what === "tls" && seen.ending === "finished") ||
    (seen.what === "load" && isWhole(seen) && baseName(seen.name) !== "")
  );
}
