import { type Entry, ofKind } from "../../ledger/entry.ts";
import type { Check } from "../report/result.ts";
import type { SyntheticDevice } from "./device.ts";
import type { DeviceRecord } from "./record.ts";

/** What was found when all was over. */
interface Findings {
  readonly devices: readonly SyntheticDevice[];
  /** In the devices' order. */
  readonly records: readonly DeviceRecord[];
  readonly entries: readonly Entry[];
  readonly loads: number;
  /** The most devices that had their turn at the same time, by the station's count. */
  readonly mostTurns: number;
}

/**
 * Everything that has to hold of the whole wave. Entries are counted one by one, and no board is read: a board keeps each
 * device's newest story alone, so a second rescue or a second release would not show on it, and a drill that asks the
 * product's own fold would find each mistake of that fold right.
 */
export function waveChecks({ devices, records, entries, loads, mostTurns }: Findings): Check[] {
  const count = devices.length;
  const rescued = records.filter(({ at }) => at.rescued !== undefined).length;
  const troubles = records.flatMap(({ trouble, at }) =>
    at.rescued === undefined && trouble !== null ? [trouble] : [],
  );
  const why = troubles.length === 0 ? "" : `; the others: ${[...new Set(troubles)].slice(0, 3).join("; ")}`;
  const own = records.filter(({ ownPassword }) => ownPassword === true).length;
  const strange = records.filter(({ ownPassword }) => ownPassword === false).length;
  const reports = byDevice(entries, "session.reported");
  const releases = byDevice(entries, "key.released");
  const confirmed = byDevice(entries, "device.confirmed");
  const protectors = new Set(entries.filter(ofKind("key.released")).map(({ body }) => body.protectorId));
  const their = new Map<string, string>(devices.map(({ mac, protectorId }) => [mac, protectorId]));
  const foreign = entries
    .filter(ofKind("key.released"))
    .filter(({ body }) => their.get(body.device) !== body.protectorId).length;
  const boots = records.reduce((sum, each) => sum + each.boots, 0);
  return [
    check("rescued", "every device is rescued", rescued === count, `${rescued} of ${count}${why}`),
    check(
      "once",
      "none is rescued twice",
      reports.most === 1 && reports.devices === rescued,
      `${reports.entries} reports of ${reports.devices} devices`,
    ),
    check(
      "released-once",
      "no recovery password is released twice, and each to its own device",
      releases.most === 1 && protectors.size === releases.entries && foreign === 0 && releases.entries === count,
      `${releases.entries} releases of ${protectors.size} key protectors to ${releases.devices} devices, ${foreign} to another`,
    ),
    check(
      "own-password",
      "every device is given the recovery password that opens its own volume",
      own === count && strange === 0,
      `${own} their own, ${strange} another's (compared in memory)`,
    ),
    check(
      "confirmed",
      "the station sees every device come back, once",
      confirmed.devices === count && confirmed.most === 1,
      `${confirmed.devices} of ${count} confirmed`,
    ),
    check(
      "queue",
      `never more than ${loads} load the image at the same time`,
      mostTurns > 0 && mostTurns <= loads,
      `at most ${mostTurns}; ${records.filter(({ waits }) => waits > 0).length} devices waited for their turn`,
    ),
    check(
      "bytes",
      "every byte that came is the image's",
      rescued === count,
      `${(records.reduce((sum, { bytes }) => sum + bytes, 0) / 1e9).toFixed(1)} GB compared as they came; ${boots} network boots for ${count} devices`,
    ),
  ];
}

type Counted = "session.reported" | "key.released" | "device.confirmed";

function byDevice(entries: readonly Entry[], type: Counted): { entries: number; devices: number; most: number } {
  const counts = new Map<string, number>();
  for (const { body } of entries.filter(ofKind(type))) counts.set(body.device, (counts.get(body.device) ?? 0) + 1);
  const all = [...counts.values()];
  return {
    entries: all.reduce((sum, each) => sum + each, 0),
    devices: counts.size,
    most: all.reduce((most, each) => Math.max(most, each), 0),
  };
}

export function check(id: string, title: string, passed: boolean, evidence: string): Check {
  return { id, device: null, title, passed, evidence };
}
