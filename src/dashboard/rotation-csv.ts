import { type Due, nameOf } from "../escrow/rotation.ts";

const HEADER = "device,mac,device_id,directory,volume,key_protector_id,released_at,released_by,reason,releases";

/** The rotation list for the directory team: CSV (RFC 4180) in UTF-8, times as ISO 8601 UTC. No password is in it. */
export function rotationCsv(due: readonly Due[]): string {
  const rows = due.map((each) => {
    const { device, deposit, protectorId, releasedAt, by, why, releases } = each;
    const { deviceId = null, directory = null, volumeType = null } = deposit ?? {};
    const released = new Date(releasedAt).toISOString();
    return [nameOf(each), device, deviceId, directory, volumeType, protectorId, released, by, why, String(releases)];
  });
  return [HEADER, ...rows.map((row) => row.map((cell) => csvCell(cell ?? "")).join(","))]
    .map((row) => `${row}\r\n`)
    .join("");
}

/** Excel runs a cell that begins like a formula; a quotation mark before it makes it text. */
function csvCell(text: string): string {
  const safe = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
