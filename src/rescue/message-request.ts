import { VERDICTS } from "../remedy/verdict.ts";
import { guid, hex256, hexBytes, integer, mac, optional, pattern, text, word } from "./message-field.ts";
import { type LineOf, LineReader, LineWriter, lineKind } from "./message-line.ts";
import {
  LOOKS,
  NTFS_STATES,
  OPENED_BY,
  OUTCOMES,
  PROTECTOR_TYPES,
  STAGES,
  VOLUME_KINDS,
  VOLUME_STATES,
} from "./message-words.ts";

const SENDER = "breakglass-agent";

const LIMIT = { macs: 32, volumes: 64, protectors: 256, files: 128, actions: 64, verified: 64, stages: 64 };

const volumeNumber = integer(1, LIMIT.volumes);
const uptime = integer(0);
const evidence = {
  size: optional(integer(0)),
  sha256: optional(hex256),
  mtime: optional(integer(-(2 ** 40), 2 ** 40)),
  header: optional(hexBytes),
};

const TOKEN = lineKind("token", { token: hex256 });
const PAIRING = lineKind("pairing", { pairing: pattern("a pairing code like 481-902", /^[0-9]{3}-[0-9]{3}$/) });
const MACHINE = lineKind("machine", {
  uuid: optional(guid),
  serial: optional(text(128)),
  vendor: optional(text(128)),
  product: optional(text(128)),
});
const SECURE_BOOT = lineKind("secureboot", { secureBoot: word(["on", "off", "unknown"]) });
const NIC = lineKind("nic", { mac });
const VOLUME = lineKind("volume", {
  volume: volumeNumber,
  path: text(256),
  bytes: integer(0),
  kind: word(VOLUME_KINDS),
  state: word(VOLUME_STATES),
});
const PROTECTOR = lineKind("protector", { volume: volumeNumber, protectorId: guid, type: word(PROTECTOR_TYPES) });
const ASKED_VOLUME = lineKind("volume", { volume: volumeNumber });
const TRIED = lineKind("tried", { protectorId: guid });
const STAGE = lineKind("stage", { stage: word(STAGES), uptime });
const OUTCOME = lineKind("outcome", { outcome: word(OUTCOMES) });
const SEEN_VOLUME = lineKind("volume", {
  volume: volumeNumber,
  openedBy: word(OPENED_BY),
  protectorId: optional(guid),
  ntfs: optional(word(NTFS_STATES)),
  look: word(LOOKS),
});
const FILE = lineKind("file", {
  verdict: word(VERDICTS.filter((verdict) => verdict !== "not-named")),
  path: text(),
  ...evidence,
});
const ACTION = lineKind("action", {
  action: word(["quarantined", "deleted"]),
  path: text(),
  to: optional(text()),
  ...evidence,
});
const VERIFIED = lineKind("verified", { is: word(["absent", "present"]), path: text() });

export type HelloVolume = LineOf<typeof VOLUME>;
export type HelloProtector = LineOf<typeof PROTECTOR>;
export type SeenVolume = LineOf<typeof SEEN_VOLUME>;
export type FileEvidence = LineOf<typeof FILE>;
export type ActionEvidence = LineOf<typeof ACTION>;
export type VerifiedPath = LineOf<typeof VERIFIED>;
/** `uptime` in hundredths of a second since the agent's kernel started. */
export type StageMark = LineOf<typeof STAGE>;

export interface Hello {
  readonly verb: "hello";
  readonly token: string;
  readonly pairing: string;
  readonly machine: LineOf<typeof MACHINE> & { readonly macs: readonly LineOf<typeof NIC>["mac"][] };
  readonly secureBoot: "on" | "off" | "unknown";
  readonly volumes: readonly HelloVolume[];
  readonly protectors: readonly HelloProtector[];
}
export interface Unlock {
  readonly verb: "unlock";
  readonly volume: number;
  /** Protectors whose recovery password did not open the volume, in the order tried. */
  readonly tried: readonly LineOf<typeof TRIED>["protectorId"][];
}
interface PlanRequest {
  readonly verb: "plan";
}
interface StageReport extends StageMark {
  readonly verb: "stage";
}
export interface Report {
  readonly verb: "report";
  readonly outcome: LineOf<typeof OUTCOME>["outcome"];
  readonly volumes: readonly SeenVolume[];
  readonly files: readonly FileEvidence[];
  readonly actions: readonly ActionEvidence[];
  readonly verified: readonly VerifiedPath[];
  readonly stages: readonly StageMark[];
}
export type Request = Hello | Unlock | PlanRequest | StageReport | Report;
export type Verb = Request["verb"];

/** Throws MalformedError whose offset is the line number. */
export function readRequest(message: string): Request {
  const lines = new LineReader(message, SENDER);
  const request = readBody(lines);
  lines.done();
  return request;
}

function readBody(lines: LineReader): Request {
  switch (lines.subject) {
    case "hello":
      return readHello(lines);
    case "unlock":
      return {
        verb: "unlock",
        ...lines.one(ASKED_VOLUME),
        tried: lines.many(TRIED, 0, LIMIT.protectors).map((line) => line.protectorId),
      };
    case "plan":
      return { verb: "plan" };
    case "stage":
      return { verb: "stage", ...lines.one(STAGE) };
    case "report":
      return {
        verb: "report",
        ...lines.one(OUTCOME),
        volumes: lines.many(SEEN_VOLUME, 0, LIMIT.volumes),
        files: lines.many(FILE, 0, LIMIT.files),
        actions: lines.many(ACTION, 0, LIMIT.actions),
        verified: lines.many(VERIFIED, 0, LIMIT.verified),
        stages: lines.many(STAGE, 0, LIMIT.stages),
      };
    default:
      return lines.fail("no such verb");
  }
}

function readHello(lines: LineReader): Hello {
  const { token } = lines.one(TOKEN);
  const { pairing } = lines.one(PAIRING);
  const machine = lines.one(MACHINE);
  const { secureBoot } = lines.one(SECURE_BOOT);
  const macs = lines.many(NIC, 1, LIMIT.macs).map((nic) => nic.mac);
  const volumes = lines.many(VOLUME, 0, LIMIT.volumes);
  if (volumes.some((volume, index) => volume.volume !== index + 1)) lines.fail("volumes are numbered 1, 2, 3, ...");
  const protectors = lines.many(PROTECTOR, 0, LIMIT.protectors);
  if (protectors.some((protector) => volumes[protector.volume - 1]?.kind !== "bitlocker")) {
    lines.fail("a protector of a volume that is not listed as bitlocker");
  }
  return { verb: "hello", token, pairing, machine: { ...machine, macs }, secureBoot, volumes, protectors };
}

export function writeRequest(request: Request): string {
  const lines = new LineWriter(SENDER, request.verb);
  switch (request.verb) {
    case "hello":
      lines.put(TOKEN, request).put(PAIRING, request).put(MACHINE, request.machine).put(SECURE_BOOT, request);
      lines.put(NIC, ...request.machine.macs.map((address) => ({ mac: address })));
      lines.put(VOLUME, ...request.volumes).put(PROTECTOR, ...request.protectors);
      break;
    case "unlock":
      lines.put(ASKED_VOLUME, request).put(TRIED, ...request.tried.map((protectorId) => ({ protectorId })));
      break;
    case "plan":
      break;
    case "stage":
      lines.put(STAGE, request);
      break;
    case "report":
      lines
        .put(OUTCOME, request)
        .put(SEEN_VOLUME, ...request.volumes)
        .put(FILE, ...request.files);
      lines
        .put(ACTION, ...request.actions)
        .put(VERIFIED, ...request.verified)
        .put(STAGE, ...request.stages);
  }
  return lines.done();
}
