import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { type Acceleration, probeAcceleration } from "./acceleration.ts";
import { type Firmware, findFirmware } from "./firmware.ts";
import { addNode, addTap, buildSwitch, type LabNode } from "./network.ts";
import { type Program, run } from "./program.ts";
import { startSiteDhcp } from "./site-dhcp.ts";

/** The lab: a LAN with the site's own DHCP server on it, a place for the station, one for an attacker. */
export interface Lab {
  readonly folder: string;
  readonly station: LabNode;
  readonly rogue: LabNode;
  readonly siteDhcp: Program;
  readonly firmware: Firmware;
  readonly acceleration: Acceleration;
  readonly qemu: string;
  /** A tap for one more device. */
  newTap(): Promise<string>;
}

/** Builds it, in this process's own namespaces (see namespace.ts). It ends with this process. */
export async function buildLab(folder: string): Promise<Lab> {
  const firmware = findFirmware();
  await buildSwitch();
  const [site, station, rogue] = [await addNode("site"), await addNode("station"), await addNode("rogue")];
  const siteFolder = join(folder, "site");
  mkdirSync(siteFolder);
  const siteDhcp = startSiteDhcp(site, siteFolder);
  const [acceleration, version] = await Promise.all([probeAcceleration(), run(["qemu-system-x86_64", "--version"])]);
  let taps = 0;
  return {
    folder,
    station,
    rogue,
    siteDhcp,
    firmware,
    acceleration,
    qemu: version.stdout.split("\n")[0]!.trim(),
    newTap: () => addTap(taps++),
  };
}
