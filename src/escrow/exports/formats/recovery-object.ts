import { deviceAbove } from "../../../fleet/device-name.ts";
import { guidFromBytes } from "../../../wire/guid.ts";
import { parseDirectoryTime } from "../directory-time.ts";
import type { ExportRow } from "../export-row.ts";
import { guidOrNull, rowOf } from "./raw-row.ts";

/** An `msFVE-RecoveryInformation` object of Active Directory, as far as an export shows it. */
export interface RecoveryObject {
  readonly distinguishedName: string | null;
  /** Its own name: `2024-05-14T09:21:33-00:00{24B0AA32-F8D0-40BA-BB05-73A800324C09}`. */
  readonly name: string | null;
  /** The 16 octets of `msFVE-RecoveryGuid`, mixed-endian; or null. */
  readonly guid: Uint8Array | null;
  readonly password: string | null;
  readonly whenCreated: string | null;
  /** For an export that says the computer apart from the object. */
  readonly deviceName?: string | null;
}

const CALLED = { protectorId: "its name", password: "msFVE-RecoveryPassword" };

/** Windows names the object after its time and its GUID, so an export without the one attribute still has the other. */
export function rowOfObject(object: RecoveryObject): ExportRow["row"] {
  const { distinguishedName, name, guid, password, whenCreated } = object;
  const own = name ?? distinguishedName ?? "";
  const named = /\{([0-9a-f-]{36})\}/i.exec(own)?.[1] ?? null;
  const octets = guid?.length === 16 ? guidFromBytes(guid) : null;
  if (named !== null && octets !== null && guidOrNull(named) !== octets)
    return {
      reason: "ids-disagree",
      detail: `its name says one key protector ID, msFVE-RecoveryGuid another (${octets})`,
      protectorId: guidOrNull(named),
    };
  return rowOf(
    {
      protectorId: named ?? octets ?? "",
      password: password ?? "",
      deviceName: (distinguishedName === null ? null : deviceAbove(distinguishedName)) ?? object.deviceName ?? null,
      directory: "ActiveDirectory",
      createdAt: parseDirectoryTime(whenCreated ?? "") ?? timeInName(own),
    },
    CALLED,
  );
}

/** The time at which Windows escrowed an object, as its name says: milliseconds since 1970 UTC, or null. */
export function timeInName(name: string): number | null {
  return parseDirectoryTime(/(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:-|\+)\d\d:?\d\d)\{/.exec(name)?.[1] ?? "");
}
