import { randomUUID } from "node:crypto";
import { type Command, InvalidArgumentError } from "commander";
import type { Deposit } from "../../escrow/deposit.ts";
import { type HandAnswer, type HandAsk, type HandRefusal, isGoodReason } from "../../escrow/hand-release.ts";
import { HAND_CAPS } from "../../escrow/released-by-hand.ts";
import { type DepositQuery, openVault, type Vault } from "../../escrow/vault.ts";
import { releaseByHandAt } from "../../station/by-hand.ts";
import { Desk } from "../../station/desk.ts";
import { parseGuid } from "../../wire/guid.ts";
import { ExitCode, OperatorError } from "../../wire/operator-error.ts";
import { operatorActor } from "../actor.ts";
import { sayClock } from "../clock.ts";
import { forgetUnused } from "../forget.ts";
import { pasteable } from "../next-step.ts";
import { type PassphraseOption, readPassphrase } from "../passphrase.ts";
import { openStateLedger, stateFolder } from "../state.ts";
import { type StateOption, withStateOption } from "../state-option.ts";
import { count, formatAge, formatTable, formatTime, printable, terminalWidth } from "../table.ts";
import { passwordDescriptor, writePassword } from "./password-fd.ts";
import { showPassword } from "./password-screen.ts";

type Options = StateOption &
  PassphraseOption & {
    readonly device?: string;
    readonly protector?: string;
    readonly reason: string;
    readonly ticket?: string;
    readonly nth: number;
    readonly duringHalt: boolean;
    readonly seconds: number;
    readonly fd?: string;
    readonly json: boolean;
  };

const NOTHING = "Nothing was released.";

/** `breakglass escrow release`: one recovery password, for the desk where no network boot is possible. */
export function defineRelease(command: Command): void {
  withStateOption(command)
    .option("--device <NAME>", "the device, as the directory names it")
    .option("--protector <ID>", "the key protector ID of its recovery screen: whole, or the first 8 characters")
    .requiredOption("--reason <TEXT>", "why: it is written into the ledger with your name")
    .option("--ticket <T>", "the help desk's number for it")
    .option("--nth <N>", "of several passwords for one key protector ID: 1 is the newest", parseNth, 1)
    .option("--during-halt", "though the campaign is halted", false)
    .option("--seconds <N>", "hide it after this many seconds (5 to 300)", parseSeconds, 60)
    .option("--fd <N>", "for scripts: write it to this open descriptor instead of showing it")
    .option("--passphrase-fd <N>", "read the vault's passphrase from this descriptor instead of asking for it")
    .option("--json", "for scripts: what was released, without the password", false)
    .addHelpText("after", HELP)
    .action(release);
}

const HELP = `
It is shown large, as QR code and as bar codes, on a screen of its own, and hidden again. At most
${HAND_CAPS.perActorAnHour} an hour for one operator, ${HAND_CAPS.perProtectorADay} a day for one key protector.
Exit code 0 if it was released, 1 if nothing fits or several do (then they are listed), 3 if the
campaign is halted, a cap is reached or the passphrase is wrong.`;

async function release(options: Options): Promise<void> {
  const wanted = wantedBy(options);
  const ask = askOf(options);
  const descriptor = options.fd === undefined ? requireTerminal() : passwordDescriptor(options.fd);
  const vault = await openVault(stateFolder(options).vault, { clock: Date.now });
  const ledger = await openStateLedger(options);
  try {
    await sayClock(ledger);
    const desk = new Desk(ledger, () => {});
    const attempt = () => releaseByHandAt({ desk, ledger, vault, wanted, ask, now: Date.now });
    // While it is sealed, the vault says everything but the password: nobody types a passphrase only to be refused.
    const before = await attempt();
    if ("refuse" in before && before.refuse !== "vault-sealed") return sayRefusal(before, options);
    await unseal(vault, options);
    const answer = await attempt();
    vault.seal();
    if ("refuse" in answer) return sayRefusal(answer, options);
    await handOver(answer, descriptor, options);
  } finally {
    await vault.close();
    await ledger.close();
  }
}

type Released = Extract<HandAnswer, { released: unknown }>;

async function handOver(
  { released, deposit, passwords, receipt }: Released,
  descriptor: number | null,
  options: Options,
) {
  const { protectorId, depositId, deviceName } = deposit;
  const name = deviceName === null ? "a device without a name" : printable(deviceName);
  const which = passwords === 1 ? "" : `, password ${options.nth} of ${passwords}`;
  if (descriptor === null)
    await showPassword(released, `${name}, key protector ${protectorId}${which}`, options.seconds);
  else writePassword(descriptor, released);
  if (options.json)
    return process.stdout.write(
      `${JSON.stringify({ released: { protectorId, depositId, deviceName, nth: options.nth, passwords }, entry: receipt.seq })}\n`,
    );
  const another =
    passwords > options.nth
      ? `If it does not open the volume: the vault has an older password for this ID, --nth ${options.nth + 1}.\n`
      : "";
  process.stdout.write(
    `Released: the recovery password of ${protectorId} for ${name}${which} (ledger entry ${receipt.seq}).\n${another}` +
      pasteable(
        "It has been seen: until a newer one is deposited it is in the rotation list: breakglass escrow rotation list\n",
      ),
  );
}

function wantedBy({ device, protector }: Options): DepositQuery {
  const text = (device ?? protector ?? "").trim();
  if (text === "" || (device !== undefined && protector !== undefined))
    throw new OperatorError(
      `It takes the device or the key protector, one of the two. ${NOTHING}`,
      "Example: --protector 24B0AA32, the first 8 characters on the recovery screen.",
    );
  if (device !== undefined) return { deviceName: text };
  if (/^[0-9a-f]{8}$/i.test(text)) return { first8: text };
  if (/^\{?[0-9a-f]{8}-[0-9a-f-]{27}\}?$/i.test(text)) return { protectorId: parseGuid(text) };
  throw new OperatorError(
    `"${printable(text)}" is no key protector ID. ${NOTHING}`,
    "It is 8 characters of 0-9 and A-F as on the recovery screen, or the whole ID with its hyphens. A device's name: --device.",
  );
}

function askOf({ reason, ticket, nth, duringHalt }: Options): HandAsk {
  for (const [option, text] of [["--reason", reason] as const, ["--ticket", ticket ?? "none"] as const])
    if (!isGoodReason(text))
      throw new OperatorError(
        `${option} is empty, longer than 500 characters, or has a recovery password in it. ${NOTHING}`,
        "Say in a few words why this device needs it: the ledger keeps them.",
      );
  return {
    actor: operatorActor(),
    channel: "desk",
    reason,
    ticket: ticket ?? null,
    nth,
    duringHalt,
    commandId: randomUUID(),
  };
}

function requireTerminal(): null {
  if (process.stdin.isTTY && process.stdout.isTTY) return null;
  throw new OperatorError(
    `There is no terminal to show a recovery password on, and it is not written where others could read it. ${NOTHING}`,
    "Run it at a terminal. A script names a descriptor that it has opened: --fd 3",
  );
}

/** As `serve` does it: at a terminal a mistyped passphrase is asked for again; a descriptor has only one. */
async function unseal(vault: Vault, options: Options): Promise<void> {
  for (let left = options.passphraseFd === undefined ? 3 : 1; left > 0; left -= 1) {
    const opened = await vault.unseal(await readPassphrase(options));
    forgetUnused();
    if (opened === "unsealed") return;
    if (left > 1) process.stderr.write("That does not open the vault. Is Caps Lock on?\n");
  }
  throw new OperatorError(
    `The passphrase does not open the vault. ${NOTHING}`,
    "Run the command again with the right one.",
    ExitCode.refused,
  );
}

function sayRefusal(refusal: HandRefusal, { json, device, protector }: Options): void {
  const named = printable(device ?? protector ?? "");
  if (refusal.refuse === "no-key" || refusal.refuse === "ambiguous") process.exitCode = ExitCode.negative;
  if (json && process.exitCode === ExitCode.negative) return void process.stdout.write(`${JSON.stringify(refusal)}\n`);
  switch (refusal.refuse) {
    case "ambiguous":
      process.stdout.write(candidateTable(refusal.candidates));
      process.stdout.write(
        `\n${count(refusal.candidates.length, "password")} fit ${named}. ${NOTHING}\n` +
          "Ask for the one that the device's screen shows by its whole ID: --protector ID\n",
      );
      return;
    case "no-key":
      process.stdout.write(
        `The vault has no recovery password for ${named}. ${NOTHING}\n` +
          pasteable(
            "Check it against the device's screen, or bring the vault up to date: breakglass escrow import FILE\n",
          ),
      );
      return;
    default:
      throw refused(refusal);
  }
}

function refused(refusal: Exclude<HandRefusal, { refuse: "ambiguous" }>): OperatorError {
  const say = (what: string, next: string, exitCode: ExitCode = ExitCode.refused) =>
    new OperatorError(`${what} ${NOTHING} (${refusal.refuse})`, next, exitCode);
  if (refusal.refuse === "hand-cap") {
    const whose =
      refusal.cap === "actor"
        ? `You have released ${HAND_CAPS.perActorAnHour} recovery passwords within an hour, as many as one operator may.`
        : `This key protector's password was released by hand ${HAND_CAPS.perProtectorADay} times within a day.`;
    return say(
      whose,
      `One more may be asked for at ${formatTime(refusal.until)}. In an emergency, another operator can.`,
    );
  }
  switch (refusal.refuse) {
    case "halted":
      return say(
        "The campaign is HALTED, and a halt is a promise that no recovery password leaves.",
        "If this device cannot wait, say that you know: --during-halt. It is written down as such.",
      );
    case "ledger-unavailable":
      return say(
        "The ledger cannot be written (is the disk full?), and what is not written down does not leave.",
        "Make room, and run the command again.",
        ExitCode.environment,
      );
    case "vault-sealed":
      return say("The vault is sealed.", "Run the command again, and give the passphrase.");
    default:
      return say("This was asked for in a way that cannot be granted.", "Run the command again.");
  }
}

function candidateTable(candidates: readonly Deposit[]): string {
  const now = Date.now();
  const rows = candidates.map(({ deviceName, protectorId, volumeType, source, createdAt, depositedAt }) => [
    deviceName ?? "-",
    protectorId,
    volumeType ?? "-",
    formatAge(now - (createdAt ?? depositedAt)),
    source,
  ]);
  return formatTable(["DEVICE", "KEY PROTECTOR ID", "VOLUME", "AGE", "SOURCE"], rows, terminalWidth());
}

function parseNth(text: string): number {
  if (!/^[1-9][0-9]?$/.test(text)) throw new InvalidArgumentError("A number from 1 to 99; 1 is the newest.");
  return Number(text);
}

function parseSeconds(text: string): number {
  const seconds = /^[0-9]{1,3}$/.test(text) ? Number(text) : 0;
  if (seconds < 5 || seconds > 300) throw new InvalidArgumentError("A number from 5 to 300.");
  return seconds;
}
