import { commonMark } from "../../fleet/inventory.ts";
import { readSheet } from "../../fleet/sheet.ts";
import { type Guid, parseGuid } from "../../wire/guid.ts";
import { type MacAddress, parseMac } from "../../wire/mac.ts";
import { MalformedError } from "../../wire/malformed.ts";
import { deviceNameOf } from "../device-name.ts";
import { looksLikePassword } from "../password-text.ts";

/**
 * A device as somebody's list has it. Nothing here decides who gets a recovery password (fleet/inventory.ts does, and
 * refuses what is doubtful): a row may lack everything, and what is wrong with it is only said.
 */
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
  readonly ring: string | null;
  /** What is wrong with its marks, each a sentence's end: `the MAC address "5.25E+11" is none`. */
  readonly faults: readonly string[];
}

/** Headings as tools write them, without case, spaces and punctuation; the first of a row that a list has is taken. */
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
} as const;

type Column = keyof typeof HEADINGS;

/**
 * Reads a list of devices as fleet/sheet.ts reads tables. A heading for the name or the device ID is all it needs.
 * Throws MalformedError where there is no such heading, no device, or a column of recovery passwords.
 */
export function readDeviceList(bytes: Uint8Array): ListedDevice[] {
  const { header, rows } = readSheet(bytes);
  const headings = header.map((cell) => cell.toLowerCase().replace(/[^a-z0-9]/g, ""));
  if (headings.some((heading) => /^(recovery)?(key|password)$|^msfverecoverypassword$/.test(heading)))
    throw new MalformedError("it has a column of recovery passwords: that is an export of them, not a list of devices");
  const at = (column: Column) => HEADINGS[column].map((word) => headings.indexOf(word)).find((index) => index >= 0);
  const columns = new Map((Object.keys(HEADINGS) as Column[]).map((column) => [column, at(column) ?? -1]));
  if (columns.get("name") === -1 && columns.get("deviceId") === -1)
    throw new MalformedError("its first line has no heading for the devices' names (name, hostname, computer, device)");
  if (rows.length === 0) throw new MalformedError("it lists no device");
  return withSharedMarks(rows.map(({ line, cells }) => listed(line, (column) => cells[columns.get(column)!] ?? "")));
}

function listed(line: number, cell: (column: Column) => string): ListedDevice {
  const faults: string[] = [];
  const shown = (text: string) => (looksLikePassword(text) ? "that looks like a recovery password" : `"${text}"`);
  const plain = (column: Column, what: string) => {
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
      const why = /^\d([.,]\d+)?E\+\d+$/i.test(text) ? ", because a spreadsheet took it for a number" : "";
      faults.push(`the ${what} ${shown(text)} is none${why}`);
      return [];
    }
  };
  const macs = cell("mac").split(/[\s;,]+/);
  const device = {
    line,
    name: nameOf(plain("name", "name") ?? ""),
    deviceId: read(cell("deviceId"), parseGuid, "device ID")[0]?.toLowerCase() ?? null,
    macs: macs.flatMap((mac) => read(mac, parseMac, "MAC address")),
    serial: plain("serial", "serial"),
    uuid: read(cell("uuid"), parseGuid, "UUID")[0] ?? null,
    site: plain("site", "site"),
    ring: plain("ring", "ring"),
    faults,
  };
  const common = commonMark(device);
  if (common !== null) faults.push(`it has ${common}, which many devices carry`);
  return device;
}

/** `PC-1` of `PC-1`, `CORP\PC-1` (Windows 2000's form), `PC-1$` (the account's) and `CN=PC-1,OU=...`. */
function nameOf(cell: string): string | null {
  return deviceNameOf(cell.replace(/^[^\\=]*\\/, "").replace(/\$$/, ""));
}

/** Two devices with one mark: an armed campaign's inventory is refused for that, so it is worth knowing before. */
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
