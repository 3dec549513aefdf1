import { MalformedError } from "../wire/malformed.ts";
import type { Attempt, Device } from "./attempt.ts";
import type { ByteSource } from "./capture/byte-source.ts";
import { openCapture } from "./capture/capture.ts";
import { linkTypeName } from "./capture/frame.ts";
import type { CapturedFrame } from "./capture/pcap.ts";
import { Tap } from "./capture/tap.ts";
import { type DeviceLimits, Devices } from "./devices.ts";
import type { Scene } from "./findings/finding.ts";
import { NOT_FOR_THE_STATION, REASONS, type Reason, RULES } from "./findings/table.ts";
import type { Seen } from "./seen.ts";

/** A known failure that was found. */
export interface Finding {
  readonly reason: Reason;
  readonly what: string;
  readonly cure: string;
  /** The frames that prove it, first and last of each; empty on the station, which sees no frames. */
  readonly frames: readonly (readonly [first: number, last: number])[];
}

export interface ExplainedAttempt extends Attempt {
  readonly findings: readonly Finding[];
}

export interface ExplainedDevice extends Omit<Device, "attempts"> {
  readonly attempts: readonly ExplainedAttempt[];
}

export interface Explanation {
  readonly format: "pcap" | "pcapng";
  readonly linkTypes: readonly string[];
  readonly vlans: readonly number[];
  readonly frames: number;
  /** Frames of which less was kept than was sent. */
  readonly cutFrames: number;
  readonly dhcpMessages: number;
  readonly unreadableDhcp: number;
  /** Milliseconds since 1970; null in a capture without frames. */
  readonly from: number | null;
  readonly to: number | null;
  /** Where the file is damaged; what stands before that was read. */
  readonly damage: { readonly offset: number; readonly what: string } | null;
  readonly devices: readonly ExplainedDevice[];
  /** Devices left out because there were too many. */
  readonly lostDevices: number;
}

const LIMITS: DeviceLimits = { devices: 8192, attempts: 64, seen: 512, loadsAlone: true };

/**
 * What the devices of a capture did, and which known failures that shows. The file is read once, front to back. Throws
 * MalformedError for what is no capture at all; a capture that is damaged further on is explained up to there.
 */
export function explain(source: ByteSource): Explanation {
  const capture = openCapture(source);
  const devices = new Devices(LIMITS);
  const tap = new Tap(
    (seen) => devices.see(seen),
    (seen) => devices.seeCopy(seen),
  );
  const linkTypes = new Set<string>();
  let from: number | null = null;
  const damage = readAll(capture.frames, (frame) => {
    from = Math.min(from ?? frame.at, frame.at);
    linkTypes.add(linkTypeName(frame.linkType) ?? `link type ${frame.linkType} (not readable here)`);
    tap.hear(frame);
  });
  tap.end();
  const { frames, cut, dhcp, unreadable } = tap.counts;
  return {
    ...{ format: capture.format, linkTypes: [...linkTypes], vlans: [...tap.vlans], frames, cutFrames: cut },
    ...{ dhcpMessages: dhcp, unreadableDhcp: unreadable, from, to: from === null ? null : tap.now, damage },
    devices: [...devices.all.values()].map((device) => ({
      ...device,
      attempts: device.attempts.map((attempt, index) => ({ ...attempt, findings: findingsOf(device, index, tap.now) })),
    })),
    lostDevices: devices.lost,
  };
}

/** The findings about one attempt of a device, at a time up to which it is known what happened. */
export function findingsOf(device: Device, index: number, now: number, view: Scene["view"] = "wire"): Finding[] {
  const attempt = device.attempts[index]!;
  const later = device.attempts[index + 1];
  const before = device.attempts.slice(0, index);
  // What was left out may have been what a rule misses: things are known up to there.
  const until = attempt.lostAt ?? later?.startedAt ?? now;
  const ended = attempt.lostAt === null && (later !== undefined || attempt.windows);
  const scene: Scene = { device, attempt, before, until, ended, view };
  return REASONS.flatMap((reason) => {
    if (view === "station" && NOT_FOR_THE_STATION.has(reason)) return [];
    const proof = RULES[reason](scene);
    return proof === null ? [] : [{ reason, what: proof.what, cure: proof.cure, frames: framesOf(proof.by) }];
  });
}

function framesOf(by: readonly Seen[]): [number, number][] {
  const spans = new Map<string, [number, number]>();
  for (const { frames } of by) if (frames !== null) spans.set(frames.join(), [frames[0], frames[1]]);
  return [...spans.values()].sort(([one], [two]) => one - two);
}

function readAll(frames: Iterable<CapturedFrame>, hear: (frame: CapturedFrame) => void): Explanation["damage"] {
  try {
    for (const frame of frames) hear(frame);
    return null;
  } catch (error) {
    if (!(error instanceof MalformedError)) throw error;
    return { offset: error.offset, what: error.what };
  }
}
