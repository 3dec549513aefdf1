import type { Guid } from "../wire/guid.ts";
import type { JsonObject } from "../wire/json.ts";
import type { MacAddress } from "../wire/mac.ts";
import { MalformedError } from "../wire/malformed.ts";
import { readDeviceList } from "./device-list.ts";

/** A device the operator expects. Any one of its marks is enough to recognise it. */
export interface InventoryDevice {
  readonly name: string;
  readonly macs: readonly MacAddress[];
  readonly serial: string | null;
  readonly uuid: Guid | null;
}

/** What a device shows of itself: at DHCP a MAC and perhaps a UUID, at hello all of it. */
export interface DeviceMarks {
  /** The first is the one that network-booted: the station has seen that one itself, the others are said. */
  readonly macs: readonly MacAddress[];
  readonly serial?: string | null;
  readonly uuid?: Guid | null;
}

/** A row that an inventory cannot be used with, and why. */
export interface BadRow {
  readonly line: number;
  readonly faults: readonly string[];
}

/** An inventory with rows that are wrong: all of them. `told` has the first twenty in words, `more` how many are left. */
export class BadRowsError extends MalformedError {
  readonly rows: readonly BadRow[];
  readonly told: readonly string[];
  readonly more: number;

  constructor(rows: readonly BadRow[]) {
    const told = rows.slice(0, MOST_TOLD).map(({ line, faults }) => `line ${line}: ${faults.join(", ")}`);
    const more = rows.length - told.length;
    const what = [...told, ...(more > 0 ? [`and ${more} more rows`] : [])].join("; ");
    super(rows.length === 1 ? what : `${rows.length} rows are wrong: ${what}`, rows[0]!.line);
    this.rows = rows;
    this.told = told;
    this.more = more;
  }
}

const MOST_TOLD = 20;

/**
 * Reads an inventory: CSV with the header `name,mac,serial,uuid` (columns in any order, `name` and one other needed;
 * semicolons and tabs do as well as commas; several MACs in a cell are separated by space or semicolon). An inventory
 * decides who gets keys without a person asking, so a doubtful row is not guessed at, and a mark that many mainboards
 * carry is refused: throws BadRowsError with all such rows, and MalformedError where the whole is no inventory.
 */
export function parseInventory(source: string | Uint8Array): InventoryDevice[] {
  const bytes = typeof source === "string" ? new TextEncoder().encode(source) : source;
  const list = readDeviceList(bytes, "strict");
  const bad = list.filter(({ faults }) => faults.length > 0);
  if (bad.length > 0) throw new BadRowsError(bad.map(({ line, faults }) => ({ line, faults })));
  return list.map(({ name, macs, serial, uuid }) => ({ name: name!, macs, serial, uuid }));
}

/**
 * The inventory's device with these marks, or null. Marks that belong to two different devices of the inventory
 * recognise neither: a mainboard swap or a spoofed MAC is for a person to look at.
 */
export function recognise(inventory: readonly InventoryDevice[], marks: DeviceMarks): InventoryDevice | null {
  const index = indexOf(inventory);
  const fits = new Set<InventoryDevice>();
  const take = (devices: readonly InventoryDevice[] = []) => {
    for (const device of devices) fits.add(device);
  };
  for (const mac of marks.macs) take(index.macs.get(mac));
  if (marks.serial) take(index.serials.get(marks.serial));
  if (marks.uuid) take(index.uuids.get(marks.uuid));
  const [fit] = fits;
  return fits.size === 1 ? fit! : null;
}

interface InventoryIndex {
  readonly macs: Map<string, InventoryDevice[]>;
  readonly serials: Map<string, InventoryDevice[]>;
  readonly uuids: Map<string, InventoryDevice[]>;
}

/** Asked at every packet of every device: looking through five thousand each time took most of a station's time. */
const indexes = new WeakMap<readonly InventoryDevice[], InventoryIndex>();

function indexOf(inventory: readonly InventoryDevice[]): InventoryIndex {
  const known = indexes.get(inventory);
  if (known !== undefined) return known;
  const index: InventoryIndex = { macs: new Map(), serials: new Map(), uuids: new Map() };
  const note = (into: Map<string, InventoryDevice[]>, mark: string | null, device: InventoryDevice) => {
    if (mark === null) return;
    const others = into.get(mark);
    if (others === undefined) into.set(mark, [device]);
    else others.push(device);
  };
  for (const device of inventory) {
    for (const mac of device.macs) note(index.macs, mac, device);
    note(index.serials, device.serial, device);
    note(index.uuids, device.uuid, device);
  }
  indexes.set(inventory, index);
  return index;
}

/**
 * True if the MAC that network-booted is that device's, and nothing the device says of itself is another's. A serial
 * number or UUID alone is no more than a claim: anybody can read it off a sticker and put it into a hello. `undefined`
 * is not asked yet (DHCP), null is said to be none.
 */
export function vouchesFor(device: InventoryDevice, { macs: [booted], serial, uuid }: DeviceMarks): boolean {
  const agree = (known: string | null, said: string | null | undefined) =>
    known === null || said === undefined || said === known;
  return (
    booted !== undefined && device.macs.includes(booted) && agree(device.serial, serial) && agree(device.uuid, uuid)
  );
}

export function inventoryToJson(devices: readonly InventoryDevice[]): readonly JsonObject[] {
  return devices.map(({ name, macs, serial, uuid }) => ({ name, macs: [...macs], serial, uuid }));
}
