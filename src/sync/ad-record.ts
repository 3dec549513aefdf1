import type { ExportRow } from "../escrow/exports/export-row.ts";
import { type RecoveryObject, rowOfObject } from "../escrow/exports/formats/recovery-object.ts";

/** The attributes to ask for. The volume's GUID and key package are left in the directory: a rescue needs neither. */
export const RECOVERY_ATTRIBUTES = ["msFVE-RecoveryPassword", "msFVE-RecoveryGuid", "whenCreated"] as const;

/**
 * The deposit of one `msFVE-RecoveryInformation` object as a domain controller shows it, or why there is none in it. `dn`
 * names the computer it lies under. A domain controller leaves a password out that the account may not read.
 */
export function recordRow({
  dn,
  ...object
}: Omit<RecoveryObject, "distinguishedName" | "name"> & { readonly dn: string }) {
  const row: ExportRow["row"] = rowOfObject({ ...object, distinguishedName: dn, name: null });
  if (!("reason" in row) || object.password !== null || row.reason !== "no-password") return row;
  return { ...row, detail: "the directory does not show its msFVE-RecoveryPassword to this account" };
}
