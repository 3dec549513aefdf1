import type { Command } from "commander";
import type { CampaignState } from "../campaign/campaign.ts";
import { haltNow } from "../campaign/halt-now.ts";
import { StoreError } from "../ledger/store-error.ts";
import { runningStations } from "../server/platform/running-stations.ts";
import { ExitCode, OperatorError } from "../wire/operator-error.ts";
import { operatorActor } from "./actor.ts";
import { checkpointAtHalt } from "./checkpoint-files.ts";
import { sayClock } from "./clock.ts";
import { pasteable, shellQuoted, stateFolderOf } from "./next-step.ts";
import { printJson } from "./print-json.ts";
import { openStateLedger } from "./state.ts";
import { type StateOption, withStateOption } from "./state-option.ts";
import { printable } from "./table.ts";

type Options = StateOption & { readonly json: boolean; readonly reason: string };

export function defineHalt(command: Command): void {
  withStateOption(command)
    .option("--reason <TEXT>", "why, for the ledger", "no reason given")
    .option("--json", "for scripts", false)
    .addHelpText(
      "after",
      `
A running station also seals its vault. If the halt cannot be written, it says
what to unplug.
Exit code 0 if it is halted, 3 if there is nothing to halt, 4 if it could not be
written.`,
    )
    .action(haltCommand);
}

async function haltCommand(options: Options): Promise<void> {
  const folder = stateFolderOf(options.state);
  try {
    await haltIn(options);
  } catch (error) {
    if (!(error instanceof OperatorError)) throw error;
    const cause = error instanceof StoreError ? notHalted(error) : error;
    throw withOtherStations(cause, folder);
  }
}

async function haltIn(options: Options): Promise<void> {
  const ledger = await openStateLedger(options, false, "say");
  let entries: number;
  try {
    await sayClock(ledger);
    const done = await haltNow(ledger, options.reason, operatorActor());
    if ("nothing" in done) throw nothingToHalt(done.nothing);
    const { halted: campaign } = done;
    if (!options.json)
      process.stdout.write(
        `The campaign ${campaign} is HALTED: nothing more is admitted, released or changed. A running station seals its vault.\n`,
      );
    entries = (await ledger.head()).seq;
    const checkpoint = await checkpointAtHalt(options);
    if (options.json) return printJson({ campaign, reason: options.reason, checkpoint });
    process.stdout.write(`${checkpoint}\n`);
  } finally {
    await ledger.close();
  }
  process.stdout.write(await whatIsLeft(options, entries));
}

/** How many entries are read, at most, only to say how many passwords are to be rotated: a moment's work. */
const MOST_ENTRIES = 20_000;

async function whatIsLeft(options: Options, entries: number): Promise<string> {
  if (entries > MOST_ENTRIES) return pasteable("Recovery passwords to rotate: breakglass escrow rotation list\n");
  return (await import("./escrow/rotation.ts")).rotationLine(options);
}

const NOT_HALTED = "NOT HALTED";

/** The ledger does not take it, so that a station goes on: what a person can do is what is left. */
function notHalted(error: StoreError): OperatorError {
  return new OperatorError(
    `${NOT_HALTED}: the halt could not be written, and a running station goes on. ${error.message}`,
    `Unplug the station's network cable now, or press Ctrl-C where serve runs. Then: ${error.next}`,
    ExitCode.environment,
  );
}

/** A halt in the wrong folder stops nothing: if a station serves from another one, that is said, and how to halt it. */
function withOtherStations(error: OperatorError, folder: string): OperatorError {
  const others = runningStations().filter((other) => other !== folder);
  if (others.length === 0) return error;
  const halts = others.map((other) => `breakglass halt --state ${shellQuoted(other)}`);
  if (error.message.startsWith(NOT_HALTED))
    return new OperatorError(
      `${error.message} A station on this machine also serves from ${others.join(", and another from ")}.`,
      `${error.next}\n        Halt that one: ${halts.join("\n        ")}`,
      error.exitCode,
    );
  return new OperatorError(
    `${error.message} A station on this machine serves from ${others.join(", and another from ")}.`,
    `Halt that one: ${halts.join("\n        ")}`,
    error.exitCode,
  );
}

function nothingToHalt(state: CampaignState): OperatorError {
  if (state.is === "halted")
    return new OperatorError(
      `The campaign ${state.campaign.campaign} is HALTED already (${printable(state.reason)}), and stays so. Nothing was written.`,
      "See it with: breakglass campaign status",
      ExitCode.refused,
    );
  return new OperatorError(
    "There is nothing to halt: no campaign was ever armed in this state folder.",
    "If a station runs, it runs from another folder: name that with --state.",
    ExitCode.refused,
  );
}
