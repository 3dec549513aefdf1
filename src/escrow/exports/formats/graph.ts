import { MalformedError } from "../../../wire/malformed.ts";
import { Secret } from "../../../wire/secret.ts";
import { parseDirectoryTime } from "../directory-time.ts";
import { shownName, Unreadable } from "../export-file.ts";
import type { ExportRow, FoundItem } from "../export-row.ts";
import { DEVICE_WORDS, ID_WORDS, PASSWORD_WORDS } from "../text/words.ts";
import type { Chunks, Format } from "./format.ts";
import { type JsonObject, type Members, objectsIn } from "./json-objects.ts";
import { deviceIdOf, holdsPassword, rowOf, volumeTypeOf } from "./raw-row.ts";
import { listOf } from "./several.ts";

/**
 * Microsoft Graph's answers about `bitlockerRecoveryKey`, saved: an array, one object bare or under `value`, pages one
 * after the other; `devices` or Intune's `managedDevices` for the names, in the same file or another. And any other JSON
 * whose objects have a recovery password beside its key protector's ID under a known name.
 */
export const graph: Format = {
  name: "graph",
  what: "Microsoft Graph, and other JSON with known names",
  recognise: (head) => /^\s*(?:\[\s*)*(?:\{\s*["}]|\[\s*\])/.test(head),
  rows: graphRows,
};

const GRAPH = new Set([
  ...["@odata.type", "@odata.context", "@odata.nextlink", "id", "key", "deviceid", "volumetype", "createddatetime"],
  ...["displayname", "azureaddeviceid", "code", "message", "name"],
]);
const wanted = (name: string) =>
  GRAPH.has(name) || ID_WORDS.has(name) || PASSWORD_WORDS.has(name) || DEVICE_WORDS.has(name);

/** A device's name can stand behind the list of its volumes: so many objects wait for what is around them. */
const MOST_WAITING = 1000;

/** `line` is the number of the recovery password in the file, 1 for the first. */
async function* graphRows(chunks: Chunks): AsyncGenerator<FoundItem> {
  const names = new Set<string>();
  const counted = { rows: 0, others: 0, objects: 0 };
  let waiting: JsonObject[] = [];
  const release = function* () {
    for (const object of waiting) yield* itemsOf(object, counted);
    waiting = [];
  };
  try {
    for await (const object of objectsIn(chunks, wanted, names)) {
      counted.objects += 1;
      waiting.push(object);
      if (object.depth <= 1 || waiting.length > MOST_WAITING) yield* release();
    }
    yield* release();
  } catch (error) {
    if (!(error instanceof MalformedError)) throw error;
    yield* release();
    const detail = `${error.what}: was it copied to its end?`;
    yield { line: ++counted.rows, row: { reason: "cut-off", detail, protectorId: null } };
  }
  if (counted.rows + counted.others > 0 || names.size === 0) return;
  const seen = [...names].map((name) => shownName(name)).join(", ");
  throw new Unreadable(
    "is JSON in which breakglass finds no recovery password",
    `Its names are: ${seen}. Say which mean what, such as --columns id=NAME,password=NAME,device=NAME`,
  );
}

function* itemsOf(
  { members, path, above }: JsonObject,
  counted: { rows: number; others: number },
): Generator<FoundItem> {
  const line = counted.rows;
  const context = members.get("@odata.context");
  if (path.at(-1) === "error" && members.has("code")) {
    counted.others += 1;
    yield {
      line,
      trouble: {
        what: `holds an error answer (${shownName(members.get("code")!)}) in place of an answer`,
        next: "Ask for it again: what it should have held is not in the vault.",
      },
    };
    return;
  }
  if (context !== undefined || members.has("@odata.nextlink")) {
    counted.others += 1;
    yield { line, page: { of: context ?? "", goesOn: (members.get("@odata.nextlink") ?? "") !== "" } };
  }
  if (isRecoveryPassword(members))
    for (const row of passwordsOf(members, above))
      yield { line: ++counted.rows, row, of: new Secret([...members.values()].join("\n")) };
  else {
    const device = deviceOf(members);
    if (device !== null) yield { line, device };
    if (device !== null || members.has("devicename") || members.has("displayname")) counted.others += 1;
  }
}

function isRecoveryPassword(members: Members): boolean {
  const type = members.get("@odata.type");
  if (type !== undefined) return /bitlockerRecoveryKey$/i.test(type);
  return (
    members.has("key") || (members.has("id") && members.has("volumetype")) || first(members, PASSWORD_WORDS) !== null
  );
}

function first(members: Members, words: ReadonlySet<string>): string | null {
  for (const [name, value] of members) if (words.has(name) && value !== "") return value;
  for (const [name, value] of members) if (words.has(name)) return value;
  return null;
}

/** `devices` have `deviceId` and `displayName`, `managedDevices` the same as `azureADDeviceId` and `deviceName`. */
function deviceOf(members: Members) {
  const deviceName = members.get("displayname") ?? members.get("devicename") ?? "";
  const deviceId = deviceIdOf(members.get("azureaddeviceid") ?? members.get("deviceid") ?? null);
  if (deviceName === "" || deviceId === null || !/^[0-9A-F-]{36}$/.test(deviceId)) return null;
  return holdsPassword(deviceName) ? null : { deviceId, deviceName };
}

function passwordsOf(members: Members, above: JsonObject["above"]): ExportRow["row"][] {
  const isGraph = members.has("key") || members.has("id");
  const password = members.get("key") ?? first(members, PASSWORD_WORDS) ?? "";
  const protectorId = first(members, ID_WORDS) ?? members.get("id") ?? "";
  const raw = {
    deviceName: nameOf(members) ?? above.map((outer) => nameOf(outer.members)).find((name) => name !== null) ?? null,
    directory: isGraph ? "Entra" : null,
    deviceId: members.get("deviceid") ?? null,
    volumeType: volumeTypeOf(members.get("volumetype") ?? ""),
    createdAt: parseDirectoryTime(members.get("createddatetime") ?? ""),
  };
  const called = isGraph ? { protectorId: "id", password: "key" } : CALLED;
  const passwords = listOf(password, "password");
  const ids = passwords.length < 2 ? [protectorId] : listOf(protectorId, "id");
  if (ids.length !== passwords.length)
    return passwords.map(() => ({ reason: "ambiguous-record", detail: SEVERAL, protectorId: null }) as const);
  return passwords.map((each, index) => {
    const row = rowOf({ protectorId: ids[index]!, password: each, ...raw }, called);
    return "reason" in row && row.reason === "no-password" && isGraph ? { ...row, detail: NO_KEY } : row;
  });
}

const CALLED = { protectorId: "the key protector ID", password: "the recovery password" };
const NO_KEY = "Graph lists IDs without passwords: each is asked for by its ID with $select=key";
const SEVERAL = "its object has several recovery passwords and not as many key protector IDs";

function nameOf(members: Members): string | null {
  return members.get("displayname") || first(members, DEVICE_WORDS) || members.get("name") || null;
}
