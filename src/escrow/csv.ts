import { parse } from "csv-parse/sync";
import { parseRecoveryPassword } from "../bitlocker/recovery-password.ts";
import { type Guid, parseGuid } from "../wire/guid.ts";
import { MalformedError } from "../wire/malformed.ts";
import type { NewDeposit } from "./deposit.ts";
import { deviceNameOf } from "./device-name.ts";
import type { Reject, RejectReason } from "./export-row.ts";

/** Where a header puts the four columns; null for those it does not have. */
export interface Columns {
  readonly delimiter: "," | ";" | "\t";
  readonly deviceName: number | null;
  readonly protectorId: number;
  readonly password: number;
  readonly directory: number | null;
}

/** The headers it knows, for people. */
export const KNOWN_HEADERS = "Hostname,KeyID,RecoveryKey,Directory or KeyID,RecoveryKey";

/**
 * Reads a header: CrowdStrike's `Hostname,KeyID,RecoveryKey,Directory` or the two-column `KeyID,RecoveryKey`, in any
 * order and case, among other columns; commas, semicolons (Excel in half of Europe) or tabs. Null if the line is not
 * such a header.
 */
export function parseHeader(line: string): Columns | null {
  const delimiter = ([",", ";", "\t"] as const).find((each) => line.includes(each));
  const names = delimiter === undefined ? null : split(line, delimiter)?.map((name) => name.trim().toLowerCase());
  if (delimiter === undefined || !names) return null;
  const at = (name: string) => (names.includes(name) ? names.indexOf(name) : null);
  const protectorId = at("keyid");
  const password = at("recoverykey");
  if (protectorId === null || password === null) return null;
  return { delimiter, deviceName: at("hostname"), protectorId, password, directory: at("directory") };
}

/** Reads one row. */
export function parseRow(line: string, columns: Columns): Omit<NewDeposit, "source"> | Reject {
  const cells = split(line, columns.delimiter);
  if (cells === null) return { reason: "bad-quoting", detail: "its quotation marks do not pair up", protectorId: null };
  const id = cells[columns.protectorId]?.trim();
  const password = cells[columns.password]?.trim();
  const protectorId = id === undefined ? null : guidOrNull(id);
  const reject = (reason: RejectReason, detail: string): Reject => ({ reason, detail, protectorId });
  if (id === undefined || password === undefined)
    return reject(
      "missing-column",
      `it has ${cells.length} columns and lacks ${id === undefined ? "KeyID" : "RecoveryKey"}`,
    );
  if (protectorId === null) return reject("bad-protector-id", "KeyID is not a full key protector ID (a GUID)");
  const cell = (index: number | null) => (index === null ? "" : (cells[index] ?? ""));
  const names = [cell(columns.deviceName), cell(columns.directory)];
  if (names.some(holdsPassword))
    return reject("password-in-wrong-column", "Hostname or Directory holds what looks like a recovery password");
  if (/^(|null|n\/a|#n\/a)$/i.test(password))
    return reject("no-password", "RecoveryKey is empty or NULL: the export could not read it");
  if (/^System\.|^Microsoft\./i.test(password))
    return reject(
      "object-not-expanded",
      "RecoveryKey is a PowerShell object's type: several passwords, none of them exported",
    );
  try {
    const directory = names[1]!.trim() || null;
    const origin = {
      deviceName: deviceNameOf(names[0]!),
      directory,
      deviceId: null,
      volumeType: null,
      createdAt: null,
    };
    return { protectorId, password: parseRecoveryPassword(password), ...origin };
  } catch (error) {
    if (error instanceof MalformedError) return reject("bad-password", error.what.replace(/^recovery password: /, ""));
    throw error;
  }
}

/** Names are stored and shown in the clear, so a row with its columns shifted must not bring a password in as a name. */
function holdsPassword(cell: string): boolean {
  return /(?:[0-9]{6}[ -]*){4}/.test(cell);
}

function guidOrNull(text: string): Guid | null {
  try {
    return parseGuid(text);
  } catch {
    return null;
  }
}

function split(line: string, delimiter: string): string[] | null {
  try {
    const rows = parse(line, { delimiter, relax_column_count: true }) as string[][];
    return rows.length === 1 ? rows[0]! : null;
  } catch {
    return null;
  }
}
