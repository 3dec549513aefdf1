import { createHash, randomUUID } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { basename } from "node:path";
import { type Command, InvalidArgumentError } from "commander";
import { coveragePage } from "../../dashboard/coverage-page.ts";
import { checkCoverage } from "../../escrow/coverage/check-coverage.ts";
import type { CoverageReport } from "../../escrow/coverage/coverage.ts";
import { parsePercent, percentText, type Requirement } from "../../escrow/coverage/required.ts";
import { openVault, type Vault } from "../../escrow/vault.ts";
import { type ListedDevice, readDeviceList } from "../../fleet/device-list.ts";
import type { Ledger, Receipt } from "../../ledger/ledger.ts";
import { MalformedError } from "../../wire/malformed.ts";
import { ExitCode, OperatorError } from "../../wire/operator-error.ts";
import { VERSION } from "../../wire/version.ts";
import { operatorActor } from "../actor.ts";
import { fileCause, refuseForeign, writeCause } from "../read-file.ts";
import { openStateLedger, stateFolder } from "../state.ts";
import { type StateOption, withStateOption } from "../state-option.ts";
import { printable } from "../table.ts";
import { coverageText } from "./coverage-text.ts";

type Options = StateOption & {
  readonly inventory: string;
  readonly maxAge?: number;
  readonly require?: number;
  readonly html?: string;
  readonly json?: boolean;
  readonly all?: boolean;
};

/** `breakglass escrow coverage`: would every device's recovery password be there? Opens none of them. */
export function defineCoverage(command: Command): void {
  withStateOption(command)
    .requiredOption("--inventory <FILE>", "the devices you have: CSV with a heading for their names (docs/coverage.md)")
    .option("--max-age <DAYS>", "a newest password older than this is doubtful", parseDays)
    .option("--require <PERCENT>", "exit code 1 if fewer devices than this are covered", parseRequired)
    .option("--html <FILE>", "write the report as one page, for the screen, for paper, for the audit folder")
    .option("--all", "list the covered devices as well, and groups of more than 20 whole")
    .option("--json", "for scripts")
    .addHelpText(
      "after",
      "\nExit code 0; 1 if fewer devices than --require are covered. Without --require no percentage is a failure.\nThe ledger notes that it was checked, and the result (coverage.checked).",
    )
    .action(run);
}

async function run(options: Options): Promise<void> {
  refuseExistingPage(options.html);
  const { bytes, inventory } = readInventory(options.inventory);
  const vault = await openVault(stateFolder(options).vault, { clock: Date.now });
  try {
    const ledger = await openStateLedger(options, true);
    try {
      await check(options, bytes, inventory, vault, ledger);
    } finally {
      await ledger.close();
    }
  } finally {
    await vault.close();
  }
}

async function check(
  options: Options,
  bytes: Uint8Array,
  inventory: readonly ListedDevice[],
  vault: Vault,
  ledger: Ledger,
): Promise<void> {
  const about = {
    inventory: basename(options.inventory),
    inventorySha256: createHash("sha256").update(bytes).digest("hex"),
    vaultId: vault.vaultId,
    actor: operatorActor(),
    station: hostname(),
    version: VERSION,
  };
  const act = { actor: about.actor, fresh: randomUUID() };
  const asked = {
    inventory,
    now: Date.now(),
    maxAgeDays: options.maxAge ?? null,
    thousandths: options.require ?? null,
  };
  const { report, requirement, receipt } = await checkCoverage(ledger, vault, asked, about, act);
  const { seq, hash } = receipt;
  if (options.html !== undefined)
    writePage(options.html, coveragePage(report, { ...about, requirement, entry: { seq, hash } }));
  if (requirement !== null && requirement.short > 0) process.exitCode = ExitCode.negative;
  const text = options.json
    ? `${JSON.stringify(jsonOf(report, about, requirement, receipt, options.all === true))}\n`
    : coverageText(report, {
        inventory: options.inventory,
        requirement,
        all: options.all === true,
        html: options.html,
      });
  process.stdout.write(text);
}

function jsonOf(
  report: CoverageReport,
  about: object,
  requirement: Requirement | null,
  { seq, hash }: Receipt,
  all: boolean,
): object {
  const { list, ...figures } = report;
  return {
    ...about,
    ...figures,
    percent: Number(percentText(report.covered, report.devices)),
    required:
      requirement === null
        ? null
        : { percent: requirement.thousandths / 1000, devices: requirement.devices, short: requirement.short },
    entry: { seq, hash },
    list: all ? list : list.filter(({ state }) => state !== "covered"),
  };
}

const UNCHANGED = "Nothing was checked.";

/** The inventory that an operator named, read leniently. */
export function readInventory(file: string): { readonly bytes: Uint8Array; readonly inventory: ListedDevice[] } {
  refuseForeign(file, "inventory", UNCHANGED, "Save it as CSV UTF-8, and check that file.");
  try {
    const bytes = readFileSync(file);
    return { bytes, inventory: readDeviceList(bytes, "lenient") };
  } catch (error) {
    const malformed = error instanceof MalformedError;
    if (!malformed && (error as NodeJS.ErrnoException).code === undefined) throw error;
    throw new OperatorError(
      malformed
        ? `The inventory ${file} cannot be used: ${printable(error.what)}. ${UNCHANGED}`
        : `The inventory ${file} cannot be read: ${fileCause(error)}. ${UNCHANGED}`,
      "Give it a first line of headings, one of them name (or hostname, computer, device), and save it as CSV.",
    );
  }
}

function refuseExistingPage(file: string | undefined): void {
  if (file === undefined || !existsSync(file)) return;
  throw new OperatorError(
    `${file} is there already and was left untouched. ${UNCHANGED}`,
    "Name another file with --html: last quarter's page is evidence.",
  );
}

function writePage(file: string, page: string): void {
  try {
    writeFileSync(file, page, { flag: "wx", mode: 0o600 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === undefined) throw error;
    throw new OperatorError(
      `The page ${file} cannot be written: ${writeCause(error)}. The check itself was done and is in the ledger.`,
      "Name a file in a folder that is there with --html, and run the command again.",
      ExitCode.environment,
    );
  }
}

function parseDays(text: string): number {
  if (!/^\d{1,5}$/.test(text)) throw new InvalidArgumentError("A whole number of days, such as 365.");
  return Number(text);
}

function parseRequired(text: string): number {
  const thousandths = parsePercent(text);
  if (thousandths === null) throw new InvalidArgumentError("A percentage from 0 to 100, such as 99.5.");
  return thousandths;
}
