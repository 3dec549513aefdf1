import { type Entry, ofKind } from "../ledger/entry.ts";
import type { DeviceRecord } from "./device-run.ts";
import { saidOn } from "./device-run.ts";
import { unlikeQuarantine } from "./disk/change.ts";
import type { Firmware } from "./lab/firmware.ts";
import type { LabNetwork } from "./lab/lan.ts";
import { TARGETS } from "./report/report.ts";
import type { Check, DiskChange, RescueTimes } from "./report/result.ts";
import { type DeviceRole, expectedEnd } from "./scenario.ts";

/** What was found of one device after its drill. */
interface DeviceFindings {
  readonly role: DeviceRole;
  readonly firmware: Pick<Firmware, "architecture" | "asksAs" | "secureBoot">;
  readonly network: Pick<LabNetwork, "leases" | "leasedBy">;
  readonly record: DeviceRecord;
  readonly entries: readonly Entry[];
  readonly times: RescueTimes;
  readonly changes: readonly DiskChange[];
  /** Files on its volume before the drill. */
  readonly files: number;
  /** SHA-256 of the whole disk before and after; null where it was not taken. */
  readonly diskBefore: string | null;
  readonly diskAfter: string | null;
  readonly badFiles: readonly string[];
  readonly quarantine: string;
  /** Key protector IDs of its volume that the vault has a deposit for. */
  readonly escrowedProtectorIds: readonly string[];
}

type Draft = readonly [id: string, title: string, passed: boolean, evidence: string];

/** Everything that has to hold of one device, in the order in which it happens. */
export function deviceChecks(found: DeviceFindings): Check[] {
  const { role, record } = found;
  const drafts: Draft[] = [];
  if (role.crashes > 0)
    drafts.push([
      "crash-loop",
      `crashes ${role.crashes} times before the rescue`,
      record.crashesSeen === role.crashes,
      `${record.crashesSeen} bugchecks on its serial console`,
    ]);
  drafts.push(...bootChecks(found));
  const expected = expectedEnd(role);
  const how = role.end !== "any" && "waits" in role.end ? "waits for" : "reports";
  drafts.push([
    "outcome",
    `${how} "${expected}"`,
    record.trouble === null && (record.outcome === expected || (role.end === "any" && record.outcome !== "silent")),
    `${record.outcome}${record.trouble ? `; ${record.trouble}` : ""}`,
  ]);
  drafts.push(releaseCheck(found), diskCheck(found));
  for (const words of role.screen)
    drafts.push([
      "screen",
      `tells the person in front of it: "${words}"`,
      saidOn(record.rescueSerial, words),
      `${record.rescueSerial.length} lines on its console`,
    ]);
  if (role.healthyBoots > 0) drafts.push(...healthChecks(found));
  if (expected === "rescued") drafts.push(bytesCheck(found));
  return drafts.map(([id, title, passed, evidence]) => ({ id, device: role.name, title, passed, evidence }));
}

/** It booted the way that its firmware and its network were to show. */
function bootChecks({ firmware, network, entries }: DeviceFindings): Draft[] {
  const offers = entries.filter(ofKind("boot.offered")).map(({ body }) => body);
  const asked = [...new Set<string>(offers.map(({ firmware }) => firmware))];
  const addresses = [...new Set<string>(offers.map(({ address }) => address))];
  const found = entries.find(ofKind("session.opened"))?.body.secureBoot ?? "unheard";
  const leased = addresses.every((address) => network.leases.some((range) => isIn(range, address)));
  return [
    [
      "firmware",
      `asks for its boot as ${firmware.asksAs}`,
      asked.length === 1 && asked[0] === firmware.asksAs,
      `asked as ${asked.join(", ") || "nothing"}`,
    ],
    [
      "address",
      `has its address from ${network.leasedBy}`,
      addresses.length > 0 && leased,
      addresses.join(", ") || "no boot exchange",
    ],
    [
      "secure-boot",
      `Secure Boot is ${firmware.secureBoot}, as its firmware has it`,
      found === firmware.secureBoot,
      `the recovery image finds it ${found}`,
    ],
  ];
}

/** Ranges of the lab lie within one /24. */
function isIn({ first, last }: { readonly first: string; readonly last: string }, address: string): boolean {
  const [lan, number] = [address.slice(0, address.lastIndexOf(".")), Number(address.split(".")[3])];
  return first.startsWith(`${lan}.`) && number >= Number(first.split(".")[3]) && number <= Number(last.split(".")[3]);
}

/** A key leaves only when the volume is locked, the vault has it and it is expected to leave. */
function releaseCheck({ role, entries, escrowedProtectorIds }: DeviceFindings): Draft {
  const released = entries.filter(ofKind("key.released")).map(({ body }) => body.protectorId);
  const known = released.every((id) => escrowedProtectorIds.includes(id));
  const evidence = released.length === 0 ? "none released" : `released: ${released.join(", ")}`;
  if (role.disk === "foreign")
    return ["release", "only recovery passwords of the key file are released", known, evidence];
  const due = role.disk.volume === "bitlocker" && role.vault !== "none" && "outcome" in (role.end as object);
  if (!due) return ["no-release", "no recovery password is released", released.length === 0, evidence];
  return ["release", "exactly one recovery password is released, its own", released.length === 1 && known, evidence];
}

function diskCheck(found: DeviceFindings): Draft {
  const { role, changes, files, badFiles, quarantine, diskBefore, diskAfter } = found;
  const list = changes.map(({ path, change }) => `${path} ${change}`).join(", ");
  if (role.change === "quarantine") {
    const wrong = unlikeQuarantine(changes, badFiles, quarantine);
    const title = "exactly the bad file moved to quarantine, every other file as it was";
    return ["disk-change", title, wrong === null, wrong ?? `${files} files compared by content and time; ${list}`];
  }
  if (role.change === "as-reported") {
    const reported = found.entries.findLast(ofKind("session.reported"))?.body.actions ?? [];
    const paths = reported.map(({ path }) => path);
    const wrong = unlikeQuarantine(changes, paths, quarantine);
    const title = "exactly what the agent reports was done to its disk, and nothing else";
    return [
      "disk-change",
      title,
      wrong === null,
      wrong ?? `${files} files compared by content and time; ${list || "none changed"}`,
    ];
  }
  const same = diskBefore !== null && diskBefore === diskAfter;
  const evidence = same
    ? `SHA-256 of the whole disk ${diskBefore} before and after`
    : `the disk changed: ${list || "no file"}`;
  return ["disk-unchanged", "not one byte of its disk changed", same, evidence];
}

function healthChecks({ role, record, entries, times }: DeviceFindings): Draft[] {
  const sightings = entries.filter(({ body }) => body.type === "device.sighted" && body.as === "windows").length;
  return [
    [
      "healthy-boots",
      `comes up healthy ${role.healthyBoots} times in a row`,
      record.healthyBootsSeen === role.healthyBoots && record.trouble === null,
      `${record.healthyBootsSeen} healthy boots; ${record.trouble ?? "no crash between them"}`,
    ],
    [
      "confirmed",
      "the station sees it come back",
      times.confirmed !== null,
      `device.confirmed ${times.confirmed ?? "never"} s after power-on; ${sightings} sightings`,
    ],
  ];
}

function bytesCheck({ record, firmware }: DeviceFindings): Draft {
  const { bytesToDevice } = record;
  const target = TARGETS.bytesToDevice[firmware.architecture];
  const fine = bytesToDevice > 0 && bytesToDevice <= target;
  return ["bytes", `at most ${target / 1e6} MB over the wire`, fine, `${(bytesToDevice / 1e6).toFixed(1)} MB`];
}
