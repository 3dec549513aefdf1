import type { CoverageReport } from "../../escrow/coverage/coverage.ts";
import { type DeviceCoverage, otherFindings } from "../../escrow/coverage/device.ts";
import { FINDINGS, type FindingText } from "../../escrow/coverage/finding.ts";
import { percentText, type Requirement, thousandthsText } from "../../escrow/coverage/required.ts";
import { coverageWarnings } from "../../escrow/coverage/warning.ts";
import { count, formatTable, terminalWidth } from "../table.ts";

interface TextOptions {
  readonly inventory: string;
  readonly requirement: Requirement | null;
  readonly all: boolean;
  readonly html: string | undefined;
}

/** More of one kind would push the rest off the screen. */
const LISTED = 20;

/** The report for a terminal: the devices grouped by their worst finding, the figures last, where the eye is. */
export function coverageText(report: CoverageReport, options: TextOptions): string {
  const groups = Map.groupBy(report.list, ({ findings: [worst] }) => worst?.is ?? null);
  let text = "";
  for (const finding of FINDINGS) {
    const devices = groups.get(finding.is);
    if (devices !== undefined && (options.all || finding.state !== "covered"))
      text += `${groupText(finding, devices, options.all)}\n`;
  }
  const clear = groups.get(null);
  if (options.all && clear !== undefined) text += `COVERED, nothing to say: ${devicesText(clear)}\n`;
  return text + notes(report, options.all) + figures(report, options);
}

function groupText(finding: FindingText, devices: readonly DeviceCoverage[], all: boolean): string {
  const shown = all ? devices : devices.slice(0, LISTED);
  const more = devices.length - shown.length;
  return (
    formatTable([`${finding.state.toUpperCase()}:`, `${finding.title}.`], [["", finding.next]], terminalWidth()) +
    devicesText(shown, devices.length) +
    (more > 0 ? `… and ${more} more: --all lists them, --html and --json have them too.\n` : "")
  );
}

function devicesText(devices: readonly DeviceCoverage[], total = devices.length): string {
  const sites = devices.some(({ site }) => site !== null);
  const rows = devices.map(({ name, lines, serial, site, newestDays, findings }) => {
    const others = otherFindings({ findings });
    const what = [findings[0]?.detail ?? "", others === "" ? "" : `also ${others}`].filter((each) => each !== "");
    const row = [name ?? serial ?? `(line ${lines[0]})`, newestDays === null ? "-" : `${newestDays} d`];
    return [...row, ...(sites ? [site ?? "-"] : []), what.join("; ")];
  });
  const headings = ["DEVICE", "NEWEST", ...(sites ? ["SITE"] : []), "WHAT"];
  return `${count(total, "device")}:\n${formatTable(headings, rows, terminalWidth())}`;
}

function notes({ findings, ...report }: CoverageReport, all: boolean): string {
  const noted = FINDINGS.filter(({ state }) => state === "covered").flatMap(({ is, title }) => {
    const { devices } = findings.find((each) => each.is === is)!;
    return devices === 0 || all ? [] : [[String(devices), `${title}.`]];
  });
  const { deposits, unnamed, unnamedWithDeviceId, unlisted } = report.vault;
  const tell = (number: number, what: string) => number > 0 && noted.push([String(number), what]);
  tell(
    report.volumeUnknown,
    "Covered or doubtful by passwords that no export names a volume for: plausible, not proven.",
  );
  tell(report.agedByImport, "Of an age that no export says: counted from the import.");
  tell(
    unlisted,
    `Of the vault's ${count(deposits, "deposit")}, these are for devices that the inventory does not list.`,
  );
  tell(
    unnamed,
    `Deposits without any device name (${unnamedWithDeviceId} of them with a device ID): they could be anybody's.`,
  );
  return noted.length === 0 ? "" : `${formatTable(["WORTH", "KNOWING"], noted, terminalWidth())}\n`;
}

function figures(report: CoverageReport, { inventory, requirement, html }: TextOptions): string {
  const { devices, covered, doubtful, missing } = report;
  const warnings = coverageWarnings(report).map((each) => [`CAUTION: ${each}`]);
  let text = warnings.length === 0 ? "" : `${formatTable(warnings[0]!, warnings.slice(1), terminalWidth())}\n`;
  text += `${inventory}: ${covered} of ${count(devices, "device")} covered (${percentText(covered, devices)} %), ${doubtful} doubtful, ${missing} missing.\n`;
  if (requirement !== null) {
    const asked = `Required: ${thousandthsText(requirement.thousandths)} %, ${count(requirement.devices, "device")}.`;
    text +=
      requirement.short === 0
        ? `${asked} Reached.\n`
        : `${asked} SHORT BY ${count(requirement.short, "device").toUpperCase()}.\n`;
  }
  return html === undefined ? text : `${text}The page is ${html}.\n`;
}
