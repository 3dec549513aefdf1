import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { userInfo } from "node:os";
import { type Command, Option } from "commander";
import type { UnknownPolicy } from "../campaign/campaign.ts";
import { arm, halt } from "../campaign/command.ts";
import { type InventoryDevice, parseInventory } from "../fleet/inventory.ts";
import type { NewEntry } from "../ledger/entry.ts";
import { remedySha256 } from "../remedy/remedy.ts";
import type { Session } from "../rescue/session.ts";
import type { RescueState } from "../rescue/state.ts";
import { Desk } from "../server/desk.ts";
import type { JsonObject } from "../wire/json.ts";
import { MalformedError } from "../wire/malformed.ts";
import { ExitCode, OperatorError } from "../wire/operator-error.ts";
import { readRemedy } from "./remedy.ts";
import { openStateLedger, type StateOption, withStateOption } from "./state.ts";

const actor = () => `operator:${userInfo().username}`;

export function register(program: Command): void {
  const campaign = program.command("campaign").description("arm, halt and look at the one campaign");

  withStateOption(campaign.command("arm"))
    .description("from now on, network-boot devices, release their recovery passwords and apply the remedy")
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
    .option("--discard-hibernated", "on a volume that holds a hibernated Windows session, discard that session", false)
    .action(armCommand);

  withStateOption(campaign.command("halt"))
    .description("stop at once: nothing more is admitted, released or changed, also after a restart")
    .option("--reason <TEXT>", "why, for the ledger", "no reason given")
    .action(haltCommand);

  withStateOption(campaign.command("confirm"))
    .description("let in an unknown device whose screen shows this pairing code")
    .argument("<code>", "the pairing code, such as 481-902")
    .action(confirmCommand);

  withStateOption(campaign.command("status"))
    .description("the campaign and where each device stands")
    .option("--json", "for scripts", false)
    .action(statusCommand);
}

type ArmOptions = StateOption & {
  remedy: string;
  inventory?: string;
  unknown: UnknownPolicy;
  discardHibernated: boolean;
};

async function armCommand(options: ArmOptions): Promise<void> {
  const remedy = readRemedy(options.remedy);
  const devices = options.inventory === undefined ? [] : readInventory(options.inventory);
  const arming = {
    campaign: `${new Date().toISOString().slice(0, 10)}-${randomBytes(2).toString("hex")}`,
    remedy: remedy.id,
    remedySha256: remedySha256(remedy),
    document: remedy as unknown as JsonObject,
    unknown: options.unknown,
    hibernated: options.discardHibernated ? ("discard" as const) : ("stop" as const),
    devices,
  };
  await decide(options, "a campaign is armed already", (state) => arm(state.campaign, arming, actor()));
  process.stdout.write(
    `campaign ${arming.campaign} is armed: remedy ${remedy.id}, ${devices.length} devices in the inventory, ` +
      `others: ${options.unknown}\nstop everything at any moment with: breakglass campaign halt\n`,
  );
}

async function haltCommand(options: StateOption & { reason: string }): Promise<void> {
  await decide(options, "nothing to halt", (state) => halt(state.campaign, options.reason, actor()));
  process.stdout.write("the campaign is HALTED: nothing more is admitted, released or changed\n");
}

async function confirmCommand(code: string, options: StateOption): Promise<void> {
  if (!/^[0-9]{3}-?[0-9]{3}$/.test(code))
    throw new OperatorError(
      `"${code}" is not a pairing code; nothing was confirmed`,
      "type it as the device shows it: 481-902",
    );
  const pairing = `${code.slice(0, 3)}-${code.slice(-3)}`;
  const confirmed = await decide(options, "not confirmed", (state) => {
    const waiting = [...state.sessions.byDevice.values()].filter((each) => each.outcome === null && !each.paired);
    const found = waiting.filter((each) => each.pairing === pairing);
    if (found.length !== 1) return explainPairing(pairing, found, waiting);
    const { session, device } = found[0]!;
    const body = { type: "pairing.confirmed", session, device };
    return { body, actor: actor(), commandId: `pair:${session}` };
  });
  process.stdout.write(`confirmed: device ${confirmed.body.device} (pairing code ${pairing}) goes on\n`);
}

function explainPairing(pairing: string, found: readonly Session[], waiting: readonly Session[]): string {
  if (found.length > 1)
    return `two devices show ${pairing} (${found.map((each) => each.device).join(", ")}): network-boot one of them again`;
  return `no waiting device shows ${pairing}; ${waiting.length} are waiting: read the code once more`;
}

async function statusCommand(options: StateOption & { json: boolean }): Promise<void> {
  const ledger = await openStateLedger(options);
  const desk = new Desk(ledger, () => {});
  await desk.catchUp();
  await ledger.close();
  const { campaign, sessions } = desk.state;
  const devices = [...sessions.byDevice.values()].map(({ device, session, stage, held, outcome }) => ({
    device,
    session,
    stage,
    held,
    outcome,
  }));
  if (options.json) {
    process.stdout.write(`${JSON.stringify({ campaign, devices })}\n`);
    return;
  }
  if (campaign.is === "none") process.stdout.write("no campaign; arm one with: breakglass campaign arm --remedy ID\n");
  else {
    const { campaign: name, remedy, unknown, devices: inventory } = campaign.campaign;
    const state = campaign.is === "armed" ? "armed" : `HALTED: ${campaign.reason}`;
    process.stdout.write(
      `campaign ${name} is ${state}\n  remedy ${remedy}; ${inventory.length} in the inventory; others: ${unknown}\n`,
    );
  }
  for (const { device, stage, held, outcome } of devices)
    process.stdout.write(`  ${device}  ${stage.padEnd(10)} ${outcome ?? (held === null ? "" : `waits: ${held}`)}\n`);
}

/** Runs one operator's decision on the newest state; a word instead of an entry is the refusal. */
async function decide(
  options: StateOption,
  what: string,
  propose: (state: RescueState) => NewEntry | string,
): Promise<NewEntry> {
  const ledger = await openStateLedger(options);
  try {
    const { value } = await new Desk(ledger, () => {}).decide<NewEntry | string>((state) => {
      const entry = propose(state);
      return { entries: typeof entry === "string" ? [] : [entry], value: entry };
    });
    if (typeof value === "string")
      throw new OperatorError(`${what}: ${value}`, "see: breakglass campaign status", ExitCode.refused);
    return value;
  } finally {
    await ledger.close();
  }
}

function readInventory(file: string): InventoryDevice[] {
  try {
    return parseInventory(readFileSync(file, "utf8"));
  } catch (error) {
    if (error instanceof MalformedError)
      throw new OperatorError(
        `${file}: ${error.what}; no campaign was armed`,
        "the header is name,mac,serial,uuid; correct that row and arm again",
      );
    throw new OperatorError(`cannot read the inventory ${file}; no campaign was armed`, (error as Error).message);
  }
}
