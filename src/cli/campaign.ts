import { randomBytes } from "node:crypto";
import { type Command, InvalidArgumentError, Option } from "commander";
import type { CampaignState, UnknownPolicy } from "../campaign/campaign.ts";
import { arm } from "../campaign/command.ts";
import { readBoard } from "../dashboard/board.ts";
import { boardLine } from "../dashboard/board-text.ts";
import { RELEASE_CAPS } from "../escrow/release.ts";
import type { InventoryDevice } from "../fleet/inventory.ts";
import { BadRowsError, parseInventory } from "../fleet/read-inventory.ts";
import type { NewEntry } from "../ledger/entry.ts";
import type { EntryBody } from "../ledger/events/event.ts";
import { confirmPairing, type NotPaired } from "../rescue/pairing.ts";
import { Desk } from "../station/desk.ts";
import type { StationState } from "../station/state.ts";
import { MalformedError } from "../wire/malformed.ts";
import { ExitCode, OperatorError } from "../wire/operator-error.ts";
import { operatorActor } from "./actor.ts";
import { boardTable } from "./board-table.ts";
import { campaignLines } from "./campaign-line.ts";
import { sayClock } from "./clock.ts";
import { pasteable } from "./next-step.ts";
import { printJson } from "./print-json.ts";
import { readBytes, refuseForeign } from "./read-file.ts";
import { openStateLedger } from "./state.ts";
import { type StateOption, withStateOption } from "./state-option.ts";
import { count, printable } from "./table.ts";

type Options = StateOption & { readonly json: boolean };

export function defineArm(command: Command): void {
  withStateOption(command)
    .requiredOption("--remedy <ID>", "a remedy by its ID, or a remedy file")
    .option("--inventory <FILE>", "the devices you expect: CSV with the header name,mac,serial,uuid")
    .addOption(
      new Option(
        "--unknown <POLICY>",
        "devices that are not in the inventory: match their pairing code, let in, or stay silent",
      )
        .choices(["confirm", "auto", "hold"])
        .default("confirm"),
    )
    .option(
      "--release-rate <N>",
      "recovery passwords for different devices in a minute",
      parseRate,
      RELEASE_CAPS.perMinute,
    )
    .option("--discard-hibernated", "on a volume that holds a hibernated Windows session, discard that session", false)
    .option("--json", "for scripts", false)
    .action(armCommand);
}

export function defineConfirm(command: Command): void {
  withStateOption(command)
    .argument("<code>", "the pairing code, such as 481-902")
    .option("--json", "for scripts", false)
    .action(confirmCommand);
}

export function defineStatus(command: Command): void {
  withStateOption(command)
    .option("--all", "list every device that booted the recovery image", false)
    .option("--json", "for scripts", false)
    .action(statusCommand);
}

type ArmOptions = Options & {
  remedy: string;
  inventory?: string;
  unknown: UnknownPolicy;
  discardHibernated: boolean;
  releaseRate: number;
};

const NOT_ARMED = "No campaign was armed.";

async function armCommand(options: ArmOptions): Promise<void> {
  // Reading a remedy loads the schema's library, which the other verbs here do without.
  const { readRemedy } = await import("./remedy.ts");
  const { armingOf } = await import("../campaign/arming.ts");
  const remedy = readRemedy(options.remedy, NOT_ARMED);
  const devices = options.inventory === undefined ? [] : readInventory(options.inventory);
  const { unknown, releaseRate } = options;
  const hibernated = options.discardHibernated ? "discard" : "stop";
  const choices = { unknown, hibernated, devices, releaseRate } as const;
  const arming = armingOf(remedy, { now: new Date(), fresh: randomBytes(2) }, choices);
  await decide(options, ({ campaign }) => {
    const entry = arm(campaign, arming, operatorActor());
    return typeof entry === "string" ? alreadyArmed(campaign) : entry;
  });
  const { campaign, remedySha256: sha256 } = arming;
  const said = { campaign, remedy: remedy.id, remedySha256: sha256, unknown, hibernated, releaseRate, devices };
  if (options.json) return printJson(said);
  process.stdout.write(
    `Campaign ${campaign} is armed: remedy ${remedy.id}, ${count(devices.length, "device")} in the inventory, ` +
      `others: ${unknown}.\n${pasteable("Stop everything at any moment with: breakglass halt")}\n`,
  );
}

async function confirmCommand(code: string, options: Options): Promise<void> {
  if (!/^[0-9]{3}-?[0-9]{3}$/.test(code))
    throw new OperatorError(
      `"${printable(code)}" is not a pairing code. Nothing was confirmed.`,
      "Type it as the device shows it, such as 481-902.",
    );
  const pairing = `${code.slice(0, 3)}-${code.slice(-3)}`;
  const { body } = await decide(options, (state) => {
    const confirmed = confirmPairing(state.sessions, pairing, operatorActor());
    return "refuse" in confirmed ? notConfirmed(pairing, confirmed) : confirmed;
  });
  const { device, session } = body;
  if (options.json) return printJson({ device, session, pairing });
  process.stdout.write(`Confirmed: device ${device} (pairing code ${pairing}) goes on.\n`);
}

async function statusCommand(options: Options & { readonly all: boolean }): Promise<void> {
  const ledger = await openStateLedger(options, false, "say");
  const desk = new Desk(ledger, () => {});
  await desk.catchUp();
  await ledger.close();
  const now = Date.now();
  const board = readBoard(desk.state, now);
  const { campaign, devices } = board;
  const seen = devices.filter(({ session }) => session !== null);
  if (options.json) {
    const told = seen.map(({ device, name, session: each }) => {
      const { session, pairing, progress, held, outcome } = each!;
      return { device, name, session, pairing, stage: progress, held, outcome };
    });
    return printJson({ campaign, devices: told });
  }
  process.stdout.write(campaignLines(campaign));
  if (seen.length === 0) process.stdout.write("No device has booted the recovery image yet.\n");
  else process.stdout.write(`${boardLine(board)}.\n\n${boardTable(seen, null, options.all)}`);
}

function alreadyArmed(state: CampaignState): OperatorError {
  const name = state.is === "none" ? "A campaign" : `Campaign ${state.campaign.campaign}`;
  return new OperatorError(
    `${name} is armed already, and it goes on as it was. Nothing was changed.`,
    "Look at it: breakglass campaign status\n        Or halt it first: breakglass halt",
    ExitCode.refused,
  );
}

function notConfirmed(pairing: string, { refuse, found, waiting }: NotPaired): OperatorError {
  const devices = found.map(({ device }) => device).join(", ");
  const [what, next] =
    refuse === "code-twice"
      ? [`Two devices show ${pairing}: ${devices}.`, "Network-boot one of them again: it makes a new code."]
      : [
          `No waiting device shows ${pairing}; ${waiting === 1 ? "1 is" : `${waiting} are`} waiting.`,
          "Read the code on the device's screen once more; or list the waiting devices: breakglass campaign status",
        ];
  return new OperatorError(`${what} Nothing was confirmed.`, next, ExitCode.refused);
}

/** Runs one operator's decision on the newest state; an error instead of an entry is the refusal. */
async function decide<Body extends EntryBody>(
  options: StateOption,
  propose: (state: StationState) => NewEntry<Body> | OperatorError,
): Promise<NewEntry<Body>> {
  const ledger = await openStateLedger(options);
  try {
    await sayClock(ledger);
    const { value } = await new Desk(ledger, () => {}).decide<NewEntry<Body> | OperatorError>((state) => {
      const entry = propose(state);
      return { entries: entry instanceof OperatorError ? [] : [entry], value: entry };
    });
    if (value instanceof OperatorError) throw value;
    return value;
  } finally {
    await ledger.close();
  }
}

function parseRate(text: string): number {
  if (!/^[1-9][0-9]{0,4}$/.test(text)) throw new InvalidArgumentError("A number from 1 to 99999.");
  return Number(text);
}

function readInventory(file: string): InventoryDevice[] {
  refuseForeign(file, "inventory", NOT_ARMED, "Save it as CSV UTF-8, and arm again with that file.");
  const bytes = readBytes(file, "inventory", NOT_ARMED);
  try {
    return parseInventory(bytes);
  } catch (error) {
    if (!(error instanceof MalformedError)) throw error;
    throw new OperatorError(
      `The inventory ${file} cannot be used: ${whatIsWrong(error)}`,
      "The header is name,mac,serial,uuid. Correct the file, and arm again.",
    );
  }
}

/** Several wrong rows are a line each. */
function whatIsWrong(error: MalformedError): string {
  if (!(error instanceof BadRowsError) || error.rows.length === 1) return `${printable(error.what)}. ${NOT_ARMED}`;
  const { told, more, rows } = error;
  const lines = [...told, ...(more > 0 ? [`and ${count(more, "more row")}`] : [])];
  return [`${rows.length} rows are wrong. ${NOT_ARMED}`, ...lines.map((line) => `  ${printable(line)}`)].join("\n");
}
