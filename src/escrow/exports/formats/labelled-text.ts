import { deviceAbove, deviceNameOf } from "../../../fleet/device-name.ts";
import type { ExportItem } from "../export-row.ts";
import { linesOf } from "../lines.ts";
import type { Chunks, Format } from "./format.ts";
import { rowOf } from "./raw-row.ts";
import { rowOfObject } from "./recovery-object.ts";

// Text that Microsoft's own scripts print, one `label: value` a line. The scripts are not translated.

/** The script of Microsoft's BitLocker operations guide for Entra: a device's name, then its IDs and passwords. */
export const graphText: Format = {
  name: "graph-text",
  what: "Microsoft's PowerShell script for Entra, text",
  recognise: (head) => /^\s*Device name:/im.test(head) && /^\s*Key id:|^\s*No BitLocker recovery keys/im.test(head),
  rows: graphTextRows,
};

/** Microsoft's VBScript for Active Directory: three lines for each recovery object. */
export const adScript: Format = {
  name: "ad-script",
  what: "Microsoft's VBScript for Active Directory, text",
  recognise: (head) => /^\s*msFVE-RecoveryGuid: *\{/im.test(head) && /^\s*msFVE-RecoveryPassword:/im.test(head),
  rows: adScriptRows,
};

async function* graphTextRows(chunks: Chunks): AsyncGenerator<ExportItem> {
  let deviceName: string | null = null;
  let id: string | null = null;
  const called = { protectorId: "Key id", password: "BitLocker recovery key" };
  const directory = "Entra";
  for await (const { line, label, value } of labelled(chunks)) {
    const waiting = { protectorId: id ?? "", password: "", deviceName, directory };
    if (label === "device name" || label === "key id") {
      if (id !== null) yield { line: line - 1, row: rowOf(waiting, called) };
      id = label === "key id" ? value : null;
      if (label === "device name") deviceName = deviceNameOf(value);
    } else if (label === "bitlocker recovery key") {
      if (id === null) yield { line, row: withoutId(called.protectorId) };
      else yield { line, row: rowOf({ ...waiting, password: value }, called) };
      id = null;
    } else if (label === null && /^no bitlocker recovery keys? found/i.test(value)) {
      const detail = "the directory has no recovery password for this device";
      yield { line, row: { reason: "no-password", detail, protectorId: null } };
    }
  }
  if (id !== null) yield { line: 0, row: rowOf({ protectorId: id, password: "", deviceName, directory }, called) };
}

async function* adScriptRows(chunks: Chunks): AsyncGenerator<ExportItem> {
  let name: string | null = null;
  let guid: string | null = null;
  let computer: string | null = null;
  for await (const { line, label, value } of labelled(chunks)) {
    // The computer is said before its objects, as `Accessing object: LDAP://CN=PC-0001,OU=...` or by its own name.
    const path = /(?:LDAP:\/\/(?:[^/,]+\/)?|^|: *)(CN=.*)$/i.exec(value)?.[1];
    if (label === "name") [name, guid] = [value, null];
    else if (label === "msfve-recoveryguid") guid = value;
    else if (label === "msfve-recoverypassword") {
      const own = name?.includes("{") ? name : (guid ?? name);
      const nothing = { distinguishedName: null, guid: null, whenCreated: null };
      const row = rowOfObject({ ...nothing, name: own, password: value, deviceName: computer });
      const disagree = guid !== null && own !== guid && !own!.toLowerCase().includes(guid.toLowerCase());
      yield { line, row: disagree ? disagreeing : row };
      [name, guid] = [null, null];
    } else if (path !== undefined) computer = path.includes("{") ? deviceAbove(path) : deviceNameOf(path);
  }
}

const disagreeing = {
  reason: "ids-disagree",
  detail: "its name says one key protector ID, msFVE-RecoveryGuid another",
  protectorId: null,
} as const;

function withoutId(called: string) {
  const detail = `no ${called} stands before this recovery password`;
  return { reason: "no-protector-id", detail, protectorId: null } as const;
}

/** Lines as label (lower case) and value; a line without a colon has no label. Too long a line is neither. */
async function* labelled(chunks: Chunks): AsyncGenerator<{ line: number; label: string | null; value: string }> {
  for await (const { number: line, text } of linesOf(chunks)) {
    if (text === null || text.trim() === "") continue;
    const found = /^\s*([^:]{1,40}?)\s*:\s*(.*?)\s*$/.exec(text);
    if (found === null || text.length > 4096) yield { line, label: null, value: text.trim() };
    else yield { line, label: found[1]!.toLowerCase(), value: found[2]! };
  }
}
