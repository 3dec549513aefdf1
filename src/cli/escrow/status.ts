import type { Command } from "commander";
import { ageOf, type Freshness, lateSources, readFreshness, type SourceFreshness } from "../../escrow/freshness.ts";
import { openVault, type VaultStatus } from "../../escrow/vault.ts";
import { ExitCode, OperatorError } from "../../wire/operator-error.ts";
import { clockDoubtOf } from "../clock.ts";
import { stateFolder, withStateLedgerIfAny } from "../state.ts";
import { type StateOption, withStateOption } from "../state-option.ts";
import { count, formatTable, formatTime, printable, terminalWidth } from "../table.ts";
import { collect } from "./sync-run.ts";

interface StatusOptions extends StateOption {
  readonly maxAge?: string;
  readonly source: readonly string[];
  readonly json?: boolean;
}

const HOUR = 3_600_000;

/** `breakglass escrow status`: what the vault holds, and how old that is. */
export function defineStatus(command: Command): void {
  withStateOption(command)
    .option("--max-age <HOURS>", "warn, with exit code 1, if a live source was not read completely for this many hours")
    .option("--source <NAME>", "judge this source alone; again for another one", collect, [])
    .option("--json", "for scripts")
    .addHelpText(
      "after",
      "\nExit code 0; 1 with --max-age if the vault is older than that. Age counts from what the source" +
        "\nhad: the domain controller's clock when it was read, a fetched file's own date.",
    )
    .action(status);
}

async function status(options: StatusOptions): Promise<void> {
  const maxAge = options.maxAge === undefined ? null : hours(options.maxAge);
  if (maxAge === null && options.source.length > 0)
    throw new OperatorError("--source is for --max-age. Nothing was read.", "Example: --max-age 26 --source NAME");
  const vault = await openVault(stateFolder(options).vault, { clock: Date.now });
  const found = vault.status();
  await vault.close();
  const none: Read = { freshness: new Map(), doubt: null };
  const { freshness, doubt } = await withStateLedgerIfAny(options, none, async (ledger) => ({
    freshness: await readFreshness(ledger, found.vaultId),
    doubt: await clockDoubtOf(ledger),
  }));
  const now = Date.now();
  const late = maxAge === null ? null : lateSources(freshness, now, { maxAge, named: options.source });
  if (late !== null && (late.length > 0 || doubt !== null)) process.exitCode = ExitCode.negative;
  const sources = [...freshness.values()].map((each) => ({ ...each, age: ageOf(each, now) }));
  if (options.json)
    process.stdout.write(`${JSON.stringify({ ...found, sources, ...(late !== null && { late, clock: doubt }) })}\n`);
  else
    process.stdout.write(
      describeVault(found) +
        describeSources(sources) +
        describeLeft(sources) +
        describeLate(late, doubt, options.maxAge),
    );
}

interface Read {
  readonly freshness: Freshness;
  /** Why this machine's clock cannot say how old anything is. */
  readonly doubt: string | null;
}

function hours(text: string): number {
  if (/^[0-9]{1,5}$/.test(text) && Number(text) > 0) return Number(text) * HOUR;
  throw new OperatorError("--max-age takes whole hours. Nothing was read.", "Example: --max-age 26 for a nightly sync");
}

function describeVault({ deposits, protectors, devices, conflicts, createdAt, lastDepositAt, recipient }: VaultStatus) {
  let text =
    `${count(deposits, "recovery password")} for ${count(protectors, "key protector")}, ${count(devices, "device")} named.\n` +
    `last deposit  ${lastDepositAt === null ? "none yet" : formatTime(lastDepositAt)}\n` +
    `vault made    ${formatTime(createdAt)}\n` +
    `recipient     ${recipient}\n`;
  for (const protectorId of conflicts)
    text += `Several different passwords for ${protectorId}: the newest is tried first.\n`;
  return text;
}

type Shown = SourceFreshness & { readonly age: number | null };

function describeSources(sources: readonly Shown[]): string {
  if (sources.length === 0) return "";
  const rows = sources.map(({ source, kind, age, complete, last }) => [
    source,
    kind,
    complete === null ? "never" : formatTime(complete.asOf),
    age === null ? "-" : formatAge(age),
    last.complete ? "complete" : `${last.failed ?? "failed"} (${formatTime(last.at)})`,
  ]);
  return `\n${formatTable(["SOURCE", "KIND", "HAS WHAT WAS THERE AT", "AGE", "LAST TRY"], rows, terminalWidth())}`;
}

/** An import that did not bring everything in is said until one of the same name does. */
function describeLeft(sources: readonly Shown[]): string {
  return sources
    .flatMap(({ source, left, last }) => {
      if (left === null) return [];
      const parts = [
        ...(left.rejected > 0 ? [`${count(left.rejected, "row")} rejected`] : []),
        ...(left.filesNotRead > 0 ? [`${count(left.filesNotRead, "file")} not read`] : []),
        ...(left.stopped ? ["stopped before its end"] : []),
      ];
      return [
        `NOT COMPLETE: ${printable(source)}, imported ${formatTime(last.at)}: ${parts.join(", ")}. Correct it, and import it again.\n`,
      ];
    })
    .join("");
}

/** `40 min`, `26 h`, `12 days`. */
function formatAge(milliseconds: number): string {
  if (milliseconds < 2 * HOUR) return `${Math.floor(milliseconds / 60_000)} min`;
  return milliseconds < 72 * HOUR
    ? `${Math.floor(milliseconds / HOUR)} h`
    : `${Math.floor(milliseconds / HOUR / 24)} days`;
}

function describeLate(late: readonly string[] | null, doubt: string | null, maxAge: string | undefined): string {
  if (doubt !== null)
    return `WARNING: ${doubt} The ages above may be wrong, and nothing counts as fresh. Check the clock: date -u\n`;
  if (late === null) return "";
  if (late.length === 0) return `Fresh: nothing is older than ${maxAge} h.\n`;
  return (
    `WARNING: older than ${maxAge} h, or never read completely: ${late.join(", ")}.\n` +
    "A device whose recovery password changed since then cannot be rescued. Sync again, and look why it did not run.\n"
  );
}
