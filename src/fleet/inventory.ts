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
  readonly macs: readonly MacAddress[];
  readonly serial?: string | null;
  readonly uuid?: Guid | null;
}

/**
 * Reads an inventory: CSV with the header `name,mac,serial,uuid` (columns in any order, `name` and one other needed;
 * several MACs in a cell are separated by space or semicolon). Throws MalformedError naming the line: an inventory
 * decides who gets keys without a person asking, so a doubtful row is not guessed at.
 */
export function parseInventory(text: string): InventoryDevice[] {
  const rows = parseCsv(text);
  const devices = rows.map(({ info, record }) => parseRow(record, info.lines));
  const seen = new Map<string, string>();
  for (const device of devices) {
    const marks = [...device.macs, device.serial, device.uuid].filter((mark) => mark !== null);
    for (const mark of marks) {
      const other = seen.get(mark);
      if (other !== undefined) throw new MalformedError(`${device.name} and ${other} share ${mark}`);
      seen.set(mark, device.name);
    }
  }
  return devices;
}

type Row = { info: { lines: number }; record: Record<string, string> };

function parseCsv(text: string): Row[] {
  try {
    const columns = (header: string[]) => header.map((name) => name.trim().toLowerCase());
    return parse(text, { bom: true, columns, info: true, skip_empty_lines: true, trim: true }) as unknown as Row[];
  } catch (error) {
    throw new MalformedError(`not an inventory CSV: ${(error as Error).message}`);
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
    return device;
  } catch (error) {
    if (error instanceof MalformedError) throw new MalformedError(`line ${line}: ${error.what}`, line);
    throw error;
  }
}

/**
 * The inventory's device with these marks, or null. Marks that belong to two different devices of the inventory
 * recognise neither: a mainboard swap or a spoofed MAC is for a person to look at.
 */
export function recognise(inventory: readonly InventoryDevice[], marks: DeviceMarks): InventoryDevice | null {
  const fits = inventory.filter(
    (device) =>
      device.macs.some((mac) => marks.macs.includes(mac)) ||
      (device.serial !== null && device.serial === marks.serial) ||
      (device.uuid !== null && device.uuid === marks.uuid),
  );
  return fits.length === 1 ? fits[0]! : null;
}

export function inventoryToJson(devices: readonly InventoryDevice[]): readonly JsonObject[] {
  return devices.map(({ name, macs, serial, uuid }) => ({ name, macs: [...macs], serial, uuid }));
}
