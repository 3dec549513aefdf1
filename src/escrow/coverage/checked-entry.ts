import type { NewEntry } from "../../ledger/entry.ts";
import type { CoverageReport } from "./coverage.ts";
import { percentText, type Requirement, thousandthsText } from "./required.ts";

/** That coverage was checked, and what came of it. `inventory` is the file's bare name. */
export function checkedEntry(
  report: CoverageReport,
  about: { readonly inventory: string; readonly inventorySha256: string; readonly vaultId: string },
  asked: { readonly requirement: Requirement | null; readonly maxAgeDays: number | null },
  { actor, fresh }: { readonly actor: string; readonly fresh: string },
): NewEntry {
  const { inventory, inventorySha256, vaultId } = about;
  const { devices, covered, doubtful, missing } = report;
  const { requirement, maxAgeDays } = asked;
  const percent = percentText(covered, devices);
  const required = requirement === null ? null : thousandthsText(requirement.thousandths);
  const counts = { devices, covered, doubtful, missing };
  const of = { inventory, inventorySha256, vaultId };
  const body = { type: "coverage.checked", ...of, ...counts, percent, required, maxAgeDays } as const;
  return { body, actor, commandId: `coverage:${fresh}` };
}
