import { join } from "node:path";
import { run } from "./lab/program.ts";
import type { Office } from "./prepare.ts";
import type { Check, ScenarioResult } from "./report/result.ts";

/** `breakglass ledger verify` and `ledger export`, on the ledger a scenario left. The export goes to `ledger.jsonl`. */
export async function proveLedger(
  self: readonly string[],
  office: Office,
  folder: string,
): Promise<{ readonly head: ScenarioResult["ledgerHead"]; readonly check: Check }> {
  const verified = await run([...self, "ledger", "verify", "--state", office.state, "--json"]);
  const exported = join(folder, "ledger.jsonl");
  await office.verb(["ledger", "export", "--out", exported]);
  const again = await run([...self, "ledger", "verify", "--export", exported, "--json"]);
  const head = headOf(verified.stdout);
  const holds = verified.code === 0 && again.code === 0 && head !== null && head.hash === headOf(again.stdout)?.hash;
  const evidence = holds
    ? `breakglass ledger verify: ${head.seq} entries, the export has the same head ${head.hash}`
    : `${verified.stdout}${verified.stderr}${again.stderr}`.trim();
  return { head, check: { id: "ledger", device: null, title: "the ledger verifies", passed: holds, evidence } };
}

function headOf(text: string): { seq: number; hash: string } | null {
  try {
    const { head } = JSON.parse(text) as { head: { seq: number; hash: string } | null };
    return head === null ? null : { seq: head.seq, hash: head.hash };
  } catch {
    return null;
  }
}
