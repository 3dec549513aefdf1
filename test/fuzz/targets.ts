import type { Target } from "./target.ts";
import { DHCP } from "./targets/dhcp.ts";
import { DOWNLOAD } from "./targets/download.ts";
import { EARS } from "./targets/ears.ts";
import { EXPLAIN } from "./targets/explain.ts";
import { EXPORTS } from "./targets/exports.ts";
import { REMEDY } from "./targets/remedy.ts";
import { RESCUE } from "./targets/rescue.ts";
import { STATION } from "./targets/station.ts";
import { STORE } from "./targets/store.ts";
import { TEXT } from "./targets/text.ts";
import { TFTP } from "./targets/tftp.ts";
import { VOLUME } from "./targets/volume.ts";
import { WIRE } from "./targets/wire.ts";

/** Every decoder of the tree that reads bytes or text from outside. */
export const TARGETS: readonly Target[] = [
  ...[...DHCP, ...STATION, ...TFTP, ...DOWNLOAD, ...WIRE, ...RESCUE, ...EXPLAIN, ...EARS],
  ...[...TEXT, ...EXPORTS, ...REMEDY, ...VOLUME, ...STORE],
];
