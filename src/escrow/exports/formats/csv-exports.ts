import { deviceNameOf } from "../../../fleet/device-name.ts";
import { parseDirectoryTime } from "../directory-time.ts";
import { DEVICE_WORDS, ID_WORDS, PASSWORD_WORDS } from "../text/words.ts";
import { type Cells, type CsvFormat, csvFormat } from "./csv.ts";
import type { Format } from "./format.ts";
import { rowOf, volumeTypeOf } from "./raw-row.ts";
import { rowOfObject } from "./recovery-object.ts";

/** Columns that scripts add to exports of any kind. */
const COMMON = {
  deviceName: [...DEVICE_WORDS],
  directory: ["directory"],
  deviceId: ["deviceid", "azureaddeviceid", "aaddeviceid", "entradeviceid"],
  serial: ["serialnumber", "serial", "serialno", "servicetag"],
  volumeType: ["volumetype"],
  createdAt: ["createddatetime", "whencreated"],
};

function commonOf(cells: Cells) {
  return {
    deviceName: deviceNameOf(cells.deviceName ?? ""),
    directory: cells.directory || null,
    deviceId: cells.deviceId || null,
    serial: cells.serial || null,
    volumeType: volumeTypeOf(cells.volumeType ?? ""),
    createdAt: parseDirectoryTime(cells.createdAt ?? ""),
  };
}

const crowdStrike: CsvFormat = {
  name: "crowdstrike",
  what: "CrowdStrike's recovery scripts, CSV",
  header: "Hostname,KeyID,RecoveryKey,Directory or KeyID,RecoveryKey",
  columns: { protectorId: ["keyid"], password: ["recoverykey"], ...COMMON },
  needed: ["protectorId", "password"],
  row: (cells) =>
    rowOf(
      { protectorId: cells.protectorId!, password: cells.password!, ...commonOf(cells) },
      { protectorId: "KeyID", password: "RecoveryKey" },
    ),
};

const idKey: CsvFormat = {
  name: "id-key",
  what: "CSV of the columns Id and Key",
  header: "Id,Key",
  columns: { protectorId: ["id"], password: ["key"], ...COMMON },
  needed: ["protectorId", "password"],
  row: (cells) =>
    rowOf(
      { protectorId: cells.protectorId!, password: cells.password!, ...commonOf(cells) },
      { protectorId: "Id", password: "Key" },
    ),
};

const mbam: CsvFormat = {
  name: "mbam",
  what: "MBAM or ConfigMgr, from its SQL tables",
  header: "Name,VolumeId,RecoveryKeyId,LastUpdateTime,RecoveryKey",
  columns: {
    protectorId: ["recoverykeyid"],
    password: ["recoverykey"],
    ...COMMON,
    deviceName: ["name", ...COMMON.deviceName],
    createdAt: ["lastupdatetime"],
  },
  needed: ["protectorId", "password"],
  row: mbamRow,
};

const NO_DMK =
  "RecoveryKey is NULL: the DMK closed (the database's master key was not open); ask SQL for it with DecryptString";

function mbamRow(cells: Cells) {
  const row = rowOf(
    { protectorId: cells.protectorId!, password: cells.password!, ...commonOf(cells), directory: "MBAM" },
    { protectorId: "RecoveryKeyId", password: "RecoveryKey" },
  );
  if (!("reason" in row)) return row;
  const { protectorId } = row;
  if (row.reason === "no-password") return { reason: "dmk-closed", detail: NO_DMK, protectorId } as const;
  const encrypted = row.reason === "bad-password" && /^0x[0-9a-f]{32,}$/i.test(cells.password!);
  const detail = "RecoveryKey is still encrypted: ask SQL for it with DecryptString";
  return encrypted ? ({ reason: "still-encrypted", detail, protectorId } as const) : row;
}

const adCsv: CsvFormat = {
  name: "ad-csv",
  what: "Active Directory by csvde or PowerShell, CSV",
  header: "DistinguishedName,Name,msFVE-RecoveryPassword,whenCreated",
  columns: {
    password: ["msfverecoverypassword"],
    distinguishedName: ["distinguishedname", "dn"],
    name: ["name", "cn"],
    guid: ["msfverecoveryguid"],
    whenCreated: ["whencreated", "created"],
    deviceName: COMMON.deviceName,
    parent: ["lastknownparent"],
  },
  needed: ["password"],
  row: ({ password, distinguishedName, name, guid, whenCreated, deviceName, parent }) =>
    rowOfObject({
      password: password!,
      distinguishedName: distinguishedName || null,
      name: name || null,
      guid: octetsOf(guid ?? ""),
      whenCreated: whenCreated || null,
      deviceName: deviceNameOf(deviceName || parent || ""),
    }),
};

/** csvde writes octet strings as `X'32aab024...'`. PowerShell writes `System.Byte[]`: no octets, but Name has the GUID. */
function octetsOf(cell: string): Uint8Array | null {
  const hex = /^X'([0-9a-f]{32})'$/i.exec(cell)?.[1];
  return hex === undefined ? null : Buffer.from(hex, "hex");
}

const table: CsvFormat = {
  name: "csv",
  what: "any CSV with headings for a key protector ID and a recovery password, in many languages",
  header: "ComputerName,KeyProtectorId,RecoveryPassword",
  columns: {
    protectorId: [...ID_WORDS],
    password: [...PASSWORD_WORDS],
    ...COMMON,
    deviceName: [...COMMON.deviceName, "name"],
  },
  needed: ["protectorId", "password"],
  row: (cells) =>
    rowOf(
      { protectorId: cells.protectorId!, password: cells.password!, ...commonOf(cells) },
      { protectorId: "the column of key protector IDs", password: "the column of recovery passwords" },
    ),
};

const byDevice: CsvFormat = {
  ...table,
  name: "csv-by-device",
  what: "any CSV with headings for a computer and a recovery password, without key protector IDs",
  header: "ComputerName,RecoveryPassword",
  columns: { password: table.columns.password!, ...COMMON, deviceName: table.columns.deviceName! },
  needed: ["password", "deviceName"],
  row: (cells) => table.row({ ...cells, protectorId: "" }),
};

/** Those whose header says more come first. */
export const CSV_EXPORTS: readonly Format[] = [adCsv, mbam, crowdStrike, idKey, table, byDevice].map(csvFormat);
