import type { NewEntry } from "../../src/ledger/entry.ts";
import type { Ledger } from "../../src/ledger/ledger.ts";
import { parseGuid } from "../../src/wire/guid.ts";
import { event } from "../ledger/event.ts";
import { deviceMac } from "./devices.ts";

const PER_COMMIT = 500;
/** Devices of a large site: each boots many times in a long ledger. */
const DEVICES = 10_000;

/** An entry like a station's own, about 400 bytes of it. */
function entryOf(index: number): NewEntry {
  const device = deviceMac(index % DEVICES);
  const protectorId = parseGuid(`24B0AA32-F8D0-40BA-BB05-${index.toString(16).padStart(12, "0")}`);
  const session = `s-${index >> 3}`;
  const bodies = [
    event("boot.offered", { device }),
    event("boot.token-minted", { device }),
    event("device.admitted", { device, session }),
    event("agent.stage", { device, session, uptime: index }),
    event("key.released", { device, session, protectorId }),
  ];
  const body = bodies[index % bodies.length]!;
  return { body, actor: `device:${device}`, commandId: `bench:${index}` };
}

/** As a busy station appends them, some hundred to a commit. */
export async function appendMany(ledger: Pick<Ledger, "append">, entries: number): Promise<void> {
  for (let from = 0; from < entries; from += PER_COMMIT) {
    const length = Math.min(PER_COMMIT, entries - from);
    await Promise.all(Array.from({ length }, (_, index) => ledger.append(entryOf(from + index))));
  }
}
