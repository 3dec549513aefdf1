import { looksLikePassword } from "../bitlocker/password-text.ts";
import { type Guid, parseGuid } from "../wire/guid.ts";
import { type MacAddress, parseMac } from "../wire/mac.ts";
import { MalformedError } from "../wire/malformed.ts";
import { commonMark } from "./common-mark.ts";
import { deviceNameOf } from "./device-name.ts";
import { readSheet } from "./sheet.ts";

/** A device as somebody's list has it. A row may lack everything; what is wrong with it is in `faults`. */
export interface ListedDevice {
  /** Where the list has it; 1 is the file's first line. */
  readonly line: number;
  readonly name: string | null;
  /** Entra's deviceId, lower case. */
  readonly deviceId: string | null;
  readonly macs: readonly MacAddress[];
  readonly serial: string | null;
  readonly uuid: Guid | null;
  readonly site: string | null;
  /** The wave of a roll-out that the device belongs to. */
  readonly ring: string | null;
  /** Model and Windows build: devices alike in both fail alike. */
  readonly model: string | null;
  readonly build: string | null;
  /** Address or name of its management controller, and the protocol that one speaks (`redfish`, `ipmi`). */
  readonly bmc: string | null;
  readonly bmcKind: string | null;
  /** What is wrong with the row: `not a MAC address: "5.25E+11"`. */
  readonly faults: readonly string[];
}

/**
 * `strict`: an inventory that decides who gets a recovery password without a person asking. Headings are exact, each
 * row has as many cells as the header, and each device has a name and a mark of its own. `lenient`: a list that nothing
 * is decided by. Headings as other tools write them, and a row may lack everything.
 */
type ListReading = "strict" | "lenient";

/** Headings without case, spaces and punctuation; the first of a row that a list has is taken. Strict: the first alone. */
const HEADINGS = {
  name: "name hostname devicename computername computer device host displayname dnshostname machinename machine cn".split(
    " ",
  ),
  // Intune's own export has its own "Device ID" beside "Azure AD Device ID", and deposits name the latter.
  deviceId: "entradeviceid microsoftentradeviceid azureaddeviceid aaddeviceid deviceid".split(" "),
  serial: "serial serialnumber serialno serialnum sn servicetag".split(" "),
  uuid: "uuid smbiosuuid smbiosguid systemuuid biosuuid biosguid machineuuid".split(" "),
  mac: "mac macaddress macaddresses macs ethernetmac ethernetmacaddress wiredmac lanmac".split(" "),
  site: "site location office building".split(" "),
  ring: "ring deploymentring updatering".split(" "),
  model: "model devicemodel computermodel productname".split(" "),
  build: "build osbuild osbuildnumber osversion windowsbuild windowsversion".split(" "),
  bmc: "bmc bmcaddress bmcip ilo idrac".split(" "),
  bmcKind: "bmckind bmctype bmcprotocol".split(" "),
} as const;

type Column = keyof typeof HEADINGS;
type CellOf = (column: Column) => string;

/**
 * Reads a list of devices as fleet/sheet.ts reads tables. What is wrong with single rows is in their `faults`, of all
 * rows. Throws MalformedError where the whole is no such list: no heading that it needs, no device, a column of recovery
 * passwords.
 */
export function readDeviceList(bytes: Uint8Array, reading: ListReading): ListedDevice[] {
  const { header, rows } = readSheet(bytes, reading);
  const strict = reading === "strict";
  const plain = header.map((cell) => cell.toLowerCase().replace(/[^a-z0-9]/g, ""));
  if (plain.some((heading) => /^(recovery)?(key|password)$|^msfverecoverypassword$/.test(heading)))
    throw new MalformedError("it has a column of recovery passwords: that is an export of them, not a list of devices");
  const headings = strict ? header.map((cell) => cell.toLowerCase()) : plain;
  const at = (column: Column) => {
    const words: readonly string[] = strict ? [column.toLowerCase()] : HEADINGS[column];
    return words.map((word) => headings.indexOf(word)).find((index) => index >= 0) ?? -1;
  };
  const columns = new Map((Object.keys(HEADINGS) as Column[]).map((column) => [column, at(column)]));
  if (strict) refuseHeader(headings, columns);
  else if (columns.get("name") === -1 && columns.get("deviceId") === -1)
    throw new MalformedError("its first line has no heading for the devices' names (name, hostname, computer, device)");
  if (rows.length === 0) throw new MalformedError("it lists no device");
  const devices = rows.map(({ line, cells }) => {
    const cell: CellOf = (column) => cells[columns.get(column)!] ?? "";
    if (!strict) return withCommonMark(readRow(line, cell, nameOf), "it", "");
    const odd = cells.length === header.length ? [] : [oddLength(cells.length, header.length)];
    return withOwnMarks(
      readRow(line, cell, (text) => text || null),
      cell,
      odd,
    );
  });
  return strict ? withMarksOnce(devices) : withSharedMarks(devices);
}

function refuseHeader(headings: readonly string[], columns: ReadonlyMap<Column, number>): void {
  if (columns.get("name") === -1 || (["mac", "serial", "uuid"] as const).every((mark) => columns.get(mark) === -1))
    throw new MalformedError("line 1 is no header with name and at least one of mac, serial, uuid", 1);
  const known = [...columns].filter(([, index]) => index >= 0).map(([column]) => column.toLowerCase());
  const twice = known.find((word) => headings.indexOf(word) !== headings.lastIndexOf(word));
  if (twice !== undefined) throw new MalformedError(`line 1 has two columns ${twice}`, 1);
}

function oddLength(cells: number, columns: number): string {
  return `not an inventory CSV: ${cells} ${cells === 1 ? "cell" : "cells"} under ${columns} headings`;
}

function readRow(line: number, cell: CellOf, readName: (text: string) => string | null): ListedDevice {
  const faults: string[] = [];
  const shown = (text: string) => (looksLikePassword(text) ? "(it looks like a recovery password)" : `"${text}"`);
  const plain = (column: Column, what: string = column) => {
    const text = cell(column);
    if (!looksLikePassword(text)) return text === "" ? null : text;
    faults.push(`its ${what} looks like a recovery password and is not shown`);
    return null;
  };
  const read = <Mark>(text: string, parse: (text: string) => Mark, what: string): Mark[] => {
    try {
      return text === "" ? [] : [parse(text)];
    } catch {
      // Excel makes 525400123456 a number: 5.254E+11.
      const why = /^\d([.,]\d+)?E\+\d+$/i.test(text) ? " (a spreadsheet took it for a number)" : "";
      faults.push(`not a ${what}: ${shown(text)}${why}`);
      return [];
    }
  };
  const macs = cell("mac").split(/[\s;,]+/);
  const device = {
    line,
    name: readName(plain("name") ?? ""),
    deviceId: idOrNull(read(cell("deviceId"), parseGuid, "device ID")[0]),
    macs: macs.flatMap((mac) => read(mac, parseMac, "MAC address")),
    serial: plain("serial"),
    uuid: read(cell("uuid"), parseGuid, "UUID")[0] ?? null,
    site: plain("site"),
    ring: plain("ring"),
    model: plain("model"),
    build: plain("build"),
    bmc: plain("bmc"),
    bmcKind: plain("bmcKind", "bmckind"),
    faults,
  };
  return device;
}

/** With the mark it has that names no one device. */
function withCommonMark(device: ListedDevice, who: string, cure: string): ListedDevice {
  const common = commonMark(device);
  const fault = `${who} has ${common}, which many devices carry${cure}`;
  return common === null ? device : { ...device, faults: [...device.faults, fault] };
}

/** Entra's zeros stand where a device has no ID: they would make one device of all. */
function idOrNull(id: Guid | undefined): string | null {
  return id === undefined || /^[0-]+$/.test(id) ? null : id.toLowerCase();
}

/** `PC-1` of `PC-1`, `CORP\PC-1` (Windows 2000's form), `PC-1$` (the account's) and `CN=PC-1,OU=...`. */
function nameOf(cell: string): string | null {
  return deviceNameOf(cell.replace(/^[^\\=]*\\/, "").replace(/\$$/, ""));
}

/** With what a strict row lacks: a name, and a mark of its own. */
function withOwnMarks(device: ListedDevice, cell: CellOf, odd: readonly string[]): ListedDevice {
  const faults = [...odd, ...(cell("name") === "" ? ["no name"] : []), ...device.faults];
  if (cell("mac") + cell("serial") + cell("uuid") === "" && device.name !== null)
    faults.push(`${device.name} has neither mac nor serial nor uuid`);
  return withCommonMark({ ...device, faults }, device.name ?? "it", ": leave that cell empty");
}

/** Strict: a mark is one row's. The later row has the fault. */
function withMarksOnce(devices: readonly ListedDevice[]): ListedDevice[] {
  const owners = new Map<string, string | null>();
  return devices.map((device) => {
    const shared: string[] = [];
    for (const mark of [...device.macs, device.serial, device.uuid].filter((each) => each !== null)) {
      if (owners.has(mark)) shared.push(`${device.name} and ${owners.get(mark)} share ${mark}`);
      else owners.set(mark, device.name);
    }
    return shared.length === 0 ? device : { ...device, faults: [...device.faults, ...shared] };
  });
}

/** Lenient: two devices with one mark are worth knowing before, because a strict reading refuses them. */
function withSharedMarks(devices: readonly ListedDevice[]): ListedDevice[] {
  // mark -> the devices that have it, each by what tells it apart, and its first line
  const owners = new Map<string, Map<string, number>>();
  const marksOf = ({ macs, serial, uuid, deviceId }: ListedDevice) =>
    [...macs, serial, uuid, deviceId].filter((each) => each !== null);
  const keys = devices.map(deviceKey);
  for (const [index, device] of devices.entries()) {
    for (const mark of marksOf(device)) {
      const known = owners.get(mark) ?? new Map<string, number>();
      if (!known.has(keys[index]!)) owners.set(mark, known.set(keys[index]!, device.line));
    }
  }
  return devices.map((device, index) => {
    const shared = marksOf(device).flatMap((mark) => {
      const known = owners.get(mark)!;
      for (const [key, line] of known) {
        const more = known.size > 2 ? ` and ${known.size - 2} more` : "";
        if (key !== keys[index]) return [`${mark} is in line ${line}${more}, too`];
      }
      return [];
    });
    return shared.length === 0 ? device : { ...device, faults: [...device.faults, ...shared] };
  });
}

/** The same for one device that is listed again: all that tells devices apart. */
export function deviceKey({ name, deviceId, macs, serial, uuid }: ListedDevice): string {
  return JSON.stringify([name?.toLowerCase() ?? null, deviceId, [...macs].sort(), serial, uuid]);
}
