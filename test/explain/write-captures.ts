import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { SCENES } from "./scenes.ts";

// node test/explain/write-captures.ts: writes the captures that are made by hand, after a change to scenes.ts.
const folder = join(import.meta.dirname, "..", "captures");
for (const [reason, scene] of Object.entries(SCENES)) writeFileSync(join(folder, `${reason}.pcap`), scene().pcap());
