import { MalformedError } from "../../../wire/malformed.ts";
import { parseDirectoryTime } from "../directory-time.ts";
import type { ExportItem } from "../export-row.ts";
import type { Chunks, Format } from "./format.ts";
import { type Members, objectsIn } from "./json-objects.ts";
import { guidOrNull, holdsPassword, rowOf, volumeTypeOf } from "./raw-row.ts";

/**
 * Microsoft Graph's answers about `bitlockerRecoveryKey`, saved: an array, one object bare or under `value`, pages one
 * after the other; `devices` or Intune's `managedDevices` for the names, in the same file or another.
 */
export const graph: Format = {
  name: "graph",
  what: "Microsoft Graph, JSON",
  recognise: (head) => /^\s*(?:\[\s*)?\{\s*["}]/.test(head),
  rows: graphRows,
};

const READ = new Set([
  ...["@odata.type", "id", "key", "deviceid", "volumetype", "createddatetime"],
  ...["displayname", "azureaddeviceid", "devicename"],
]);

/** `line` is the number of the recovery password in the file, 1 for the first. */
async function* graphRows(chunks: Chunks): AsyncGenerator<ExportItem> {
  let number = 0;
  try {
    for await (const members of objectsIn(chunks, READ)) {
      const device = deviceOf(members);
      if (device !== null) yield { line: number, device };
      else if (isRecoveryPassword(members)) yield { line: ++number, row: passwordOf(members) };
    }
  } catch (error) {
    if (!(error instanceof MalformedError)) throw error;
    const detail = `${error.what}: was it copied to its end?`;
    yield { line: number + 1, row: { reason: "cut-off", detail, protectorId: null } };
  }
}

function isRecoveryPassword(members: Members): boolean {
  const type = members.get("@odata.type");
  if (type !== undefined) return /bitlockerRecoveryKey$/i.test(type);
  return members.has("key") || (members.has("id") && members.has("volumetype"));
}

/** `devices` have `deviceId` and `displayName`, `managedDevices` the same as `azureADDeviceId` and `deviceName`. */
function deviceOf(members: Members) {
  const deviceName = members.get("displayname") ?? members.get("devicename");
  const deviceId = guidOrNull(members.get("azureaddeviceid") ?? members.get("deviceid") ?? "");
  if (deviceName === undefined || deviceName === "" || deviceId === null || members.has("key")) return null;
  return holdsPassword(deviceName) ? null : { deviceId, deviceName };
}

function passwordOf(members: Members) {
  const row = rowOf(
    {
      protectorId: members.get("id") ?? "",
      password: members.get("key") ?? "",
      deviceName: members.get("displayname") ?? members.get("devicename") ?? null,
      directory: "Entra",
      deviceId: members.get("deviceid") ?? null,
      volumeType: volumeTypeOf(members.get("volumetype") ?? ""),
      createdAt: parseDirectoryTime(members.get("createddatetime") ?? ""),
    },
    { protectorId: "id", password: "key" },
  );
  if (!("reason" in row) || row.reason !== "no-password") return row;
  const detail = "Graph lists IDs without passwords: each is asked for by its ID with $select=key";
  return { ...row, detail };
}
