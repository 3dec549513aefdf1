import type { Attempt, RogueTarget } from "./attempt.ts";
import { Datagrams } from "./datagram.ts";

const ERROR = 5;

/** Ways out of a folder, if there were one. Another case of a served name is none: Windows' boot manager asks so. */
const PATHS = [
  "../../../../etc/passwd",
  "/etc/passwd",
  "..\\..\\..\\windows\\win.ini",
  "grub/../../state/vault.sqlite",
  "....//....//etc/passwd",
  "%2e%2e%2f%2e%2e%2fetc%2fpasswd",
  "shimx64.efi\u0001",
  "./shimx64.efi",
  "..\\SHIMX64.EFI",
  "shimx64.efi/",
  "C:\\shimx64.efi",
  "file:///etc/passwd",
  "vault.sqlite",
  "session.cpio",
  `${"A/".repeat(240)}x`,
  "",
];

/** A read request (RFC 1350); `options` as name, value pairs (RFC 2347). */
function readRequest(name: string, options: readonly string[] = [], mode = "octet"): Buffer {
  return Buffer.concat([Buffer.from([0, 1]), Buffer.from([name, mode, ...options, ""].join("\0"), "latin1")]);
}

/** True if the station serves it: DATA or an option acknowledgement came, not an error and not silence. */
async function serves(target: RogueTarget, request: Buffer): Promise<boolean> {
  const socket = await Datagrams.open(target.own, 0);
  try {
    await socket.send(request, target.station, 69);
    const answer = await socket.next(0, 700);
    if (answer === null) return false;
    const served = answer.bytes.readUInt16BE(0) !== ERROR;
    // Closes the transfer, so that the station does not go on sending to a port that nobody has.
    if (served) await socket.send(Buffer.from([0, 5, 0, 0, 0]), answer.from, answer.port);
    return served;
  } finally {
    socket.close();
  }
}

export async function tftpBeforeExchange(target: RogueTarget): Promise<Attempt> {
  const served = await serves(target, readRequest("shimx64.efi"));
  const title = "an address that took part in no boot exchange gets no file over TFTP";
  return {
    id: "T5-tftp-stranger",
    title,
    blocked: !served,
    evidence: `shimx64.efi was ${served ? "served" : "not served"}`,
  };
}

export async function tftpPaths(target: RogueTarget): Promise<Attempt> {
  const control = await serves(target, readRequest("shimx64.efi"));
  const served: string[] = [];
  for (const path of PATHS) if (await serves(target, readRequest(path))) served.push(path);
  // A NUL ends the name on the wire; what follows is then the mode, and no mode is called so.
  if (await serves(target, readRequest("shimx64.efi\0.txt"))) served.push("shimx64.efi NUL .txt");
  const evidence = `${PATHS.length + 1} names tried, ${served.length} served${served.length > 0 ? `: ${served.join(", ")}` : ""}; the real name ${control ? "is" : "is NOT"} served`;
  const title = "no spelling of a path leads out of the image over TFTP";
  return { id: "T12-tftp-paths", title, blocked: served.length === 0 && control, evidence };
}

export async function tftpRubbish(target: RogueTarget): Promise<Attempt> {
  const packets: [string, Buffer][] = [
    ["nothing", Buffer.alloc(0)],
    ["one byte", Buffer.from([0])],
    ["opcode alone", Buffer.from([0, 1])],
    ["no end of the name", Buffer.from([0, 1, 0x61])],
    ["no mode", readRequest("shimx64.efi").subarray(0, 14)],
    ["60000 bytes", Buffer.concat([Buffer.from([0, 1]), Buffer.alloc(60_000, 0x41)])],
    ["a write", Buffer.concat([Buffer.from([0, 2]), Buffer.from("shimx64.efi\0octet\0")])],
    ["a stray acknowledgement", Buffer.from([0, 4, 0, 1])],
    ["an unknown opcode", Buffer.from([0, 99, 1, 2, 3])],
    ["mode mail", readRequest("shimx64.efi", [], "mail")],
  ];
  const served: string[] = [];
  for (const [what, packet] of packets) if (await serves(target, packet)) served.push(what);
  const amplified = await amplification(target);
  const evidence = `${packets.length} malformed requests, ${served.length} served${served.length > 0 ? `: ${served.join(", ")}` : ""}; largest block asked for 65535 x window 65535, ${amplified} bytes came unasked`;
  const title = "malformed TFTP requests are refused, and options do not turn the station into an amplifier";
  return { id: "T12-tftp-rubbish", title, blocked: served.length === 0 && amplified <= 65_536, evidence };
}

/** Bytes the station sends in half a second to somebody who asks with wild options and then says nothing. */
async function amplification(target: RogueTarget): Promise<number> {
  const socket = await Datagrams.open(target.own, 0);
  try {
    const wild = ["blksize", "65535", "windowsize", "65535", "tsize", "-1", "timeout", "0"];
    await socket.send(readRequest("grubx64.efi", wild), target.station, 69);
    await new Promise((resolve) => setTimeout(resolve, 500));
    const last = socket.received.at(-1);
    if (last !== undefined) await socket.send(Buffer.from([0, 5, 0, 0, 0]), last.from, last.port);
    return socket.received.reduce((sum, { bytes }) => sum + bytes.length, 0);
  } finally {
    socket.close();
  }
}
