import type { ListedDevice } from "../../fleet/device-list.ts";
import type { Ledger, Receipt } from "../../ledger/ledger.ts";
import { rotationDue } from "../rotation-due.ts";
import type { Vault } from "../vault.ts";
import type { Act } from "../vault-entries.ts";
import { checkedEntry } from "./checked-entry.ts";
import { type CoverageReport, coverage } from "./coverage.ts";
import { type Requirement, required } from "./required.ts";

/** The devices to look for, and what is asked of their passwords. */
interface Asked {
  readonly inventory: readonly ListedDevice[];
  /** Milliseconds since 1970 UTC. */
  readonly now: number;
  /** A newest password older than this many days is doubtful; null: at no age. */
  readonly maxAgeDays: number | null;
}

/** How well vault and ledger cover an inventory now. Opens no password and writes nothing. */
export async function coverageNow(
  ledger: Ledger,
  vault: Vault,
  { inventory, now, maxAgeDays }: Asked,
): Promise<CoverageReport> {
  const due = await rotationDue(ledger, vault);
  const released = new Map(due.map(({ depositId, releasedAt }) => [depositId, releasedAt]));
  return coverage({ inventory, deposits: vault.all(), released, now, maxAgeDays });
}

/** The same, with the result in the ledger. `thousandths` of a percent of them have to be covered; null: any share will do. */
export async function checkCoverage(
  ledger: Ledger,
  vault: Vault,
  asked: Asked & { readonly thousandths: number | null },
  about: { readonly inventory: string; readonly inventorySha256: string },
  act: Act,
): Promise<{ readonly report: CoverageReport; readonly requirement: Requirement | null; readonly receipt: Receipt }> {
  const report = await coverageNow(ledger, vault, asked);
  const requirement = asked.thousandths === null ? null : required(asked.thousandths, report);
  const { maxAgeDays } = asked;
  const entry = checkedEntry(report, { ...about, vaultId: vault.vaultId }, { requirement, maxAgeDays }, act);
  return { report, requirement, receipt: await ledger.append(entry) };
}
