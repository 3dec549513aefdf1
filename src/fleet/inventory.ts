import { parse } from "csv-parse/sync";
import { type Guid, parseGuid } from "../wire/guid.ts";
import type { JsonObject } from "../wire/json.ts";
import { type MacAddress, parseMac } from "../wire/mac.ts";
import { MalformedError } from "../wire/malformed.ts";

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

/**
 * Reads an inventory: CSV with the header `name,mac,serial,uuid` (columns in any order, `name` and one other needed;
 * semicolons and tabs do as well as commas; several MACs in a cell are separated by space or semicolon). Throws
 * MalformedError naming the line: an inventory decides who gets keys without a person asking, so a doubtful row is not
 * guessed at, and a mark that many mainboards carry is refused.
 */
export function parseInventory(text: string): InventoryDevice[] {
  const rows = parseCsv(text);
  if (rows.length === 0) throw new MalformedError("it lists no device");
  const seen = new Map<string, string>();
  return rows.map(({ info, record }) => {
    const device = parseRow(record, info.lines);
    for (const mark of [...device.macs, device.serial, device.uuid].filter((each) => each !== null)) {
      const other = seen.get(mark);
      if (other !== undefined)
        throw new MalformedError(`line ${info.lines}: ${device.name} and ${other} share ${mark}`, info.lines);
      seen.set(mark, device.name);
    }
    return device;
  });
}

type Row = { info: { lines: number }; record: Record<string, string> };

const MARKS = ["mac", "serial", "uuid"];

function parseCsv(text: string): Row[] {
  const header = text.split(/\r?\n/).find((line) => line.trim() !== "") ?? "";
  const delimiter = [",", ";", "\t"].find((each) => header.includes(each)) ?? ",";
  const columns = (names: string[]) => {
    const known = names.map((name) => name.trim().toLowerCase());
    if (!known.includes("name") || !MARKS.some((mark) => known.includes(mark)))
      throw new MalformedError("line 1 is no header with name and at least one of mac, serial, uuid", 1);
    return known;
  };
  try {
    const options = { bom: true, columns, delimiter, info: true, skip_empty_lines: true, trim: true };
    return parse(text, options) as unknown as Row[];
  } catch (error) {
    if (error instanceof MalformedError) throw error;
    const { lines } = error as { lines?: number };
    throw new MalformedError(`not an inventory CSV: ${(error as Error).message}`, lines);
  }
}

function parseRow(row: Record<string, string>, line: number): InventoryDevice {
  try {
    const name = row.name ?? "";
    if (name === "") throw new MalformedError("no name");
    const macs = (row.mac ?? "").split(/[\s;]+/).filter((mac) => mac !== "");
    const device: InventoryDevice = {
      name,
      macs: macs.map(parseMac),
      serial: row.serial || null,
      uuid: row.uuid ? parseGuid(row.uuid) : null,
    };
    if (device.macs.length === 0 && device.serial === null && device.uuid === null)
      throw new MalformedError(`${name} has neither mac nor serial nor uuid`);
    const shared = commonMark(device);
    if (shared !== null)
      throw new MalformedError(`${name} has ${shared}, which many devices carry: leave that cell empty`);
    return device;
  } catch (error) {
    if (error instanceof MalformedError) throw new MalformedError(`line ${line}: ${error.what}`, line);
    throw error;
  }
}

// What firmware shows where nobody entered a value. One such mark would admit every mainboard of that kind unasked.
const UNSET_SERIAL =
  /^(to be filled by o\.?e\.?m\.?|default string|system serial number|serial number|not (specified|applicable|available)|none|n\/a|unknown|oem|invalid|chassis serial number|0+|1234567890?|x+)$/i;

/** SMBIOS section 7.2.1 (all 0: not present, all F: not set), and the value that AMI's firmware template comes with. */
const UNSET_UUID = /^(0{8}-(0{4}-){3}0{12}|F{8}-(F{4}-){3}F{12}|03000200-0400-0500-0006-000700080009)$/;

/** The first mark of it that names no one device, in words; null if there is none. */
export function commonMark({ macs, serial, uuid }: Omit<InventoryDevice, "name">): string | null {
  const group = macs.find((mac) => mac === "00:00:00:00:00:00" || Number.parseInt(mac.slice(0, 2), 16) % 2 === 1);
  if (group !== undefined) return `the MAC address ${group}`;
  if (serial !== null && UNSET_SERIAL.test(serial)) return `the serial "${serial}"`;
  return uuid !== null && UNSET_UUID.test(uuid) ? `the uuid ${uuid}` : null;
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
