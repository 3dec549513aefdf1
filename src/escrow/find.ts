import type { ListedDevice } from "../fleet/device-list.ts";
import { bareName } from "../fleet/device-name.ts";
import { type Guid, parseGuid } from "../wire/guid.ts";
import { parseMac } from "../wire/mac.ts";
import type { Deposit } from "./deposit.ts";
import type { DepositQuery } from "./deposit-query.ts";

/** What a text was taken for. */
export type Reading = "key-protector-id" | "first-8" | "device-name" | "device-id" | "serial" | "uuid" | "mac";

/** A device of an inventory, as far as it is looked for. */
export type KnownDevice = Pick<ListedDevice, "name" | "deviceId" | "macs" | "serial" | "uuid">;

/** What one reading of the text gave. */
export interface Finding {
  readonly by: Reading;
  /** The inventory's device that has this mark; null where the vault itself was asked. */
  readonly device: KnownDevice | null;
  /** Newest first. May be empty where `device` is not null: a device that the vault knows nothing of. */
  readonly deposits: readonly Deposit[];
}

/**
 * Everything that a text can mean, in the order in which people mean it. A text may be several things at once (a device
 * may be named like 8 hex digits), and a mark may be several devices': all of them come back, and none is picked.
 */
export function findByText(
  text: string,
  inventory: readonly KnownDevice[],
  ask: (query: DepositQuery) => readonly Deposit[],
): Finding[] {
  const found: Finding[] = [];
  const say = (by: Reading, deposits: readonly Deposit[]) =>
    deposits.length > 0 && found.push({ by, device: null, deposits });
  const guid = orNull(() => parseGuid(text));
  if (guid !== null) {
    say("key-protector-id", ask({ protectorId: guid }));
    say("device-id", ask({ deviceId: guid }));
  } else {
    if (/^[0-9a-f]{8}$/i.test(text)) say("first-8", ask({ first8: text }));
    say("device-name", ask({ bareName: bareName(text) }));
  }
  for (const device of inventory) {
    const by = markOf(device, text, guid);
    if (by !== null) found.push({ by, device, deposits: depositsOf(device, ask) });
  }
  return found;
}

function markOf(device: KnownDevice, text: string, guid: Guid | null): Reading | null {
  if (guid !== null) {
    if (device.uuid === guid) return "uuid";
    return device.deviceId?.toUpperCase() === guid ? "device-id" : null;
  }
  if (device.serial?.toLowerCase() === text.toLowerCase()) return "serial";
  const mac = orNull(() => parseMac(text));
  return mac !== null && device.macs.includes(mac) ? "mac" : null;
}

/** By name, and by Entra's device ID where the inventory has that. */
function depositsOf({ name, deviceId }: KnownDevice, ask: (query: DepositQuery) => readonly Deposit[]): Deposit[] {
  const named = name === null ? [] : ask({ bareName: bareName(name) });
  const known = new Set(named.map(({ depositId }) => depositId));
  const others = deviceId === null ? [] : ask({ deviceId }).filter(({ depositId }) => !known.has(depositId));
  return [...named, ...others];
}

function orNull<T>(parse: () => T): T | null {
  try {
    return parse();
  } catch {
    return null;
  }
}
