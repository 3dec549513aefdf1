import { randomBytes } from "node:crypto";
import { closeSync, writeSync } from "node:fs";
import { type Command, InvalidArgumentError, Option } from "commander";
import { createToken, findToken, revokeToken, TOKEN_NAME } from "../api/command.ts";
import { isScope, SCOPES, type Scope } from "../api/scope.ts";
import type { OperatorToken, OperatorTokens } from "../api/token.ts";
import { hashOfTokenText, holdsToken, newTokenText } from "../api/token-text.ts";
import type { NewEntry } from "../ledger/entry.ts";
import type { EntryBody } from "../ledger/events/event.ts";
import { PLATFORM } from "../server/platform/this-platform.ts";
import { Desk } from "../station/desk.ts";
import { guidFromBytes } from "../wire/guid.ts";
import { ExitCode, OperatorError } from "../wire/operator-error.ts";
import type { Secret } from "../wire/secret.ts";
import { operatorActor } from "./actor.ts";
import { sayClock } from "./clock.ts";
import { pasteable } from "./next-step.ts";
import { openStateLedger } from "./state.ts";
import { type StateOption, withStateOption } from "./state-option.ts";
import { formatTable, formatTime, printable, terminalWidth } from "./table.ts";

type Options = StateOption & { readonly json: boolean };

/** `breakglass token create|list|revoke`: who may ask the operator API, and for what. The ledger keeps hashes alone. */
export function defineCreate(command: Command): void {
  withStateOption(command)
    .requiredOption(
      "--name <NAME>",
      "whose it is: the ledger says operator:NAME of all that is done with it",
      parseName,
    )
    .option("--scope <SCOPE>", `what it may be used for, once for each: ${SCOPES.join(", ")}`, collectScope)
    .addOption(
      new Option("--expires <TIME>", "how long it is good: 12h, 30d; never: until it is revoked")
        .argParser(parseLifetime)
        .default(30 * DAY_MS, "30d"),
    )
    .option("--fd <N>", "write the token to this open descriptor instead of the terminal", parseDescriptor)
    .option("--json", "for scripts: what was made, without the token", false)
    .addHelpText("after", EXITS)
    .action(create);
}

export function defineList(command: Command): void {
  withStateOption(command)
    .option("--json", "for scripts", false)
    .addHelpText("after", "\nExit code 0, also if there are none.")
    .action(list);
}

export function defineRevoke(command: Command): void {
  withStateOption(command)
    .argument("<name-or-id>", "as `breakglass token list` shows it; never the token itself")
    .requiredOption("--reason <TEXT>", "why, for the ledger")
    .option("--json", "for scripts", false)
    .addHelpText("after", EXITS)
    .action(revoke);
}

const EXITS =
  "\nExit code 0 if done, 2 for wrong input, 3 if the name was used before, or the token is unknown or\nrevoked already. Nothing was changed then.";

const DAY_MS = 86_400_000;
const LONGEST_DAYS = 3650;

type CreateOptions = Options & {
  readonly name: string;
  readonly scope?: readonly Scope[];
  readonly expires: number | null;
  readonly fd?: number;
};

async function create(options: CreateOptions): Promise<void> {
  const { name, scope: scopes = [], expires, fd } = options;
  if (scopes.length === 0)
    throw new OperatorError(
      "A token without a scope opens nothing. None was made.",
      `Say what it is for: --scope and one of ${SCOPES.join(", ")}.`,
    );
  const out = whereTo(fd);
  const text = newTokenText(randomBytes);
  const tokenId = guidFromBytes(randomBytes(16));
  const expiresAt = expires === null ? null : Date.now() + expires;
  await decide(options, (tokens) => {
    const made = createToken(
      tokens,
      { tokenId, name, scopes, hash: hashOfTokenText(text), expiresAt },
      operatorActor(),
    );
    return made === "name-taken" ? nameTaken(tokens, name) : made;
  });
  if (options.json) process.stdout.write(`${JSON.stringify({ tokenId, name, scopes, expiresAt })}\n`);
  show(text, out, { name, scopes, expiresAt, tokenId });
}

/** Found out before anything is made: a token that nobody saw would stay good for a month. */
function whereTo(fd: number | undefined): number | "terminal" {
  if (fd === undefined) {
    if (process.stdout.isTTY) return "terminal";
    throw new OperatorError(
      "Standard output is no terminal, and a token does not belong in a file or log by accident. None was made.",
      "To hand it on, name a descriptor: --fd 3 3>FILE (mode 0600), or --fd 3 3>&1 for a pipe.",
    );
  }
  try {
    if (PLATFORM.isOwnDescriptor(fd)) throw Object.assign(new Error(), { code: "EBADF" });
    writeSync(fd, "");
    return fd;
  } catch (error) {
    throw new OperatorError(
      `Descriptor ${fd} cannot be written (${(error as NodeJS.ErrnoException).code}). No token was made.`,
      `Open it for this command, as in: --fd ${fd} ${fd}>FILE`,
    );
  }
}

function show(
  text: Secret<string>,
  out: number | "terminal",
  made: Pick<OperatorToken, "name" | "scopes" | "expiresAt" | "tokenId">,
) {
  const until = made.expiresAt === null ? "until it is revoked" : `until ${formatTime(made.expiresAt)}`;
  if (out !== "terminal") {
    try {
      writeSync(out, `${text.reveal()}\n`);
      if (out > 2) closeSync(out);
    } catch (error) {
      throw new OperatorError(
        `Token ${made.name} was made, and descriptor ${out} did not take it (${(error as NodeJS.ErrnoException).code}): nobody has its text.`,
        `Revoke it: breakglass token revoke ${made.name} --reason "never seen". Then make one under another name.`,
        ExitCode.environment,
      );
    }
    return;
  }
  process.stdout.write(
    `\n    ${text.reveal()}\n\nThis is token ${made.name} for ${made.scopes.join(", ")}, good ${until}.\n` +
      "It is shown this once and kept nowhere: put it into a file that only its user may read, not on a command line.\n" +
      pasteable(`Take it back: breakglass token revoke ${made.name} --reason TEXT\n`),
  );
}

async function list(options: Options): Promise<void> {
  const ledger = await openStateLedger(options);
  try {
    const desk = new Desk(ledger, () => {});
    await desk.catchUp();
    const { tokens } = desk.state;
    const all = [...tokens.byId.values()];
    if (options.json)
      return void process.stdout.write(
        `${JSON.stringify(all.map((each) => ({ ...each, is: standing(tokens, each) })))}\n`,
      );
    if (all.length === 0)
      return void process.stdout.write(pasteable("There is no token. Make one with: breakglass token create\n"));
    const rows = all.map((each) => [
      each.name,
      standing(tokens, each),
      each.scopes.join(" "),
      formatTime(each.createdAt),
      each.expiresAt === null ? "never" : formatTime(each.expiresAt),
      each.tokenId,
    ]);
    process.stdout.write(formatTable(["NAME", "IS", "SCOPES", "MADE", "EXPIRES", "TOKEN ID"], rows, terminalWidth()));
  } finally {
    await ledger.close();
  }
}

function standing({ at }: OperatorTokens, { revokedAt, expiresAt }: OperatorToken): "good" | "revoked" | "expired" {
  if (revokedAt !== null) return "revoked";
  return expiresAt !== null && Math.max(Date.now(), at) >= expiresAt ? "expired" : "good";
}

async function revoke(nameOrId: string, options: Options & { readonly reason: string }): Promise<void> {
  if (holdsToken(nameOrId) || holdsToken(options.reason))
    throw new OperatorError(
      "That is a token's text, and other programs can read a command's arguments. Nothing was revoked.",
      "Its text was seen now, so revoke it, by its name. Names: breakglass token list",
    );
  const { body } = await decide(options, (tokens) => {
    const done = revokeToken(tokens, nameOrId, options.reason, operatorActor());
    return typeof done === "string" ? notRevoked(tokens, nameOrId, done) : done;
  });
  const { tokenId, name, reason } = body;
  if (options.json) process.stdout.write(`${JSON.stringify({ tokenId, name, reason })}\n`);
  else process.stdout.write(`Token ${name} is revoked: it opens nothing from the next request on.\n`);
}

async function decide<Body extends EntryBody>(
  options: StateOption,
  propose: (tokens: OperatorTokens) => NewEntry<Body> | OperatorError,
): Promise<NewEntry<Body>> {
  const ledger = await openStateLedger(options);
  try {
    await sayClock(ledger);
    const { value } = await new Desk(ledger, () => {}).decide((state) => {
      const entry = propose(state.tokens);
      return { entries: entry instanceof OperatorError ? [] : [entry], value: entry };
    });
    if (value instanceof OperatorError) throw value;
    return value;
  } finally {
    await ledger.close();
  }
}

function nameTaken(tokens: OperatorTokens, name: string): OperatorError {
  const is = standing(tokens, tokens.byName.get(name)!);
  return new OperatorError(
    `There is a token ${name} already (${is}), and a name is given once: the ledger names its user by it. None was made.`,
    `Choose another name, such as ${name}-2.${is === "good" ? ` If it takes the place of the first: breakglass token revoke ${name} --reason TEXT` : ""}`,
    ExitCode.refused,
  );
}

function notRevoked(tokens: OperatorTokens, nameOrId: string, why: "token-unknown" | "token-revoked"): OperatorError {
  const [what, next] =
    why === "token-unknown"
      ? [`There is no token ${printable(nameOrId)}`, "See them with: breakglass token list"]
      : [`Token ${findToken(tokens, nameOrId)!.name} is revoked already, and stays so`, "Nothing is left to do."];
  return new OperatorError(`${what}. Nothing was written.`, next, ExitCode.refused);
}

function parseName(text: string): string {
  if (holdsToken(text)) throw new InvalidArgumentError("That is a token's text; a name is what its user is called.");
  if (!TOKEN_NAME.test(text))
    throw new InvalidArgumentError("Lower-case letters, digits, dot, hyphen, underscore; a letter first; 40 at most.");
  return text;
}

function collectScope(text: string, before: readonly Scope[] = []): readonly Scope[] {
  if (!isScope(text)) throw new InvalidArgumentError(`One of ${SCOPES.join(", ")}.`);
  return before.includes(text) ? before : [...before, text];
}

function parseLifetime(text: string): number | null {
  if (text === "never") return null;
  const [, number, unit] = /^([1-9][0-9]{0,4})([hd])$/.exec(text) ?? [];
  const time = Number(number) * (unit === "h" ? DAY_MS / 24 : DAY_MS);
  if (unit === undefined || time > LONGEST_DAYS * DAY_MS)
    throw new InvalidArgumentError(`Hours or days, such as 12h or 30d, ${LONGEST_DAYS}d at most; or never.`);
  return time;
}

function parseDescriptor(text: string): number {
  if (!/^[0-9]{1,4}$/.test(text)) throw new InvalidArgumentError("The number of an open descriptor, such as 3.");
  return Number(text);
}
