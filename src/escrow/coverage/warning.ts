import type { CoverageReport } from "./coverage.ts";

/** What makes the whole report questionable, in sentences for people; mostly nothing. */
export function coverageWarnings({ vault, devices, missing, foreignDeviceIds }: CoverageReport): string[] {
  if (vault.deposits === 0) return ["The vault is empty. Import an export first."];
  const warnings: string[] = [];
  if (missing === devices)
    warnings.push("No device of the inventory is in the vault. Is it the right list, and the right vault?");
  else if (vault.unlisted * 2 > vault.deposits)
    warnings.push(
      "More than half of the vault's deposits are for devices that the inventory does not list. Is the list complete? Missing devices were not checked.",
    );
  if (foreignDeviceIds)
    warnings.push(
      "No device ID of the inventory is in the vault. Is that column Entra's deviceId, or Intune's own ID? Without the column, only names are matched.",
    );
  return warnings;
}
