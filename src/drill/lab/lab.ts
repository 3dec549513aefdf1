import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { type Acceleration, probeAcceleration } from "./acceleration.ts";
import type { BuiltNetwork, LabNetwork } from "./lan.ts";
import { addTap } from "./network.ts";
import { run } from "./program.ts";

/** The lab: a network with a place for the station, one for an attacker, and as many devices as are wanted. */
export interface Lab extends Pick<BuiltNetwork, "station" | "rogue"> {
  readonly folder: string;
  readonly network: LabNetwork;
  readonly acceleration: Acceleration;
  readonly qemu: string;
  /** What the machines beside station and devices write down. */
  readonly logs: readonly string[];
  /** A tap for one more device. */
  newTap(): Promise<string>;
}

/** Builds it, in this process's own namespaces (see namespace.ts). It ends with this process. */
export async function buildLab(folder: string, network: LabNetwork): Promise<Lab> {
  const siteFolder = join(folder, "site");
  mkdirSync(siteFolder);
  const { station, rogue, switchOf } = await network.build(siteFolder);
  const [acceleration, version] = await Promise.all([probeAcceleration(), run(["qemu-system-x86_64", "--version"])]);
  let taps = 0;
  return {
    folder,
    network,
    station,
    rogue,
    acceleration,
    qemu: version.stdout.split("\n")[0]!.trim(),
    logs: ["site-dhcp.log", "relay.log"].map((name) => join(siteFolder, name)),
    newTap: () => addTap(switchOf(taps), taps++),
  };
}
