import { read } from "node:fs";
import { promisify } from "node:util";
import { ExitCode, OperatorError } from "../wire/operator-error.ts";
import { Secret } from "../wire/secret.ts";

/** What commander gives for `--passphrase-fd N`. */
export interface PassphraseOption {
  readonly passphraseFd?: string;
}

/** Whoever holds a copy of the vault can guess as long as he likes; scrypt makes each guess cost about a second. */
const LEAST_PASSPHRASE_LENGTH = 12;
const MOST_BYTES = 4096;
const readSome = promisify(read);

/** The vault's passphrase: from the descriptor if one is given, else asked on the terminal without echo. */
export async function readPassphrase(options: PassphraseOption): Promise<Secret<string>> {
  if (options.passphraseFd !== undefined) return passphraseFromDescriptor(options.passphraseFd);
  requireTerminal();
  return notEmpty(await ask("Passphrase of the vault:"));
}

/** A passphrase for a new vault: asked twice, and not too short. */
export async function readNewPassphrase(options: PassphraseOption): Promise<Secret<string>> {
  if (options.passphraseFd !== undefined) return longEnough(await passphraseFromDescriptor(options.passphraseFd));
  requireTerminal();
  const first = longEnough(notEmpty(await ask(`New passphrase (${LEAST_PASSPHRASE_LENGTH} characters or more):`)));
  if ((await ask("The same once more:")) === first.reveal()) return first;
  throw new OperatorError("The two passphrases differ. Nothing was made.", "Run the command again.");
}

async function passphraseFromDescriptor(option: string): Promise<Secret<string>> {
  return notEmpty((await textFromDescriptor("passphrase", option)).replace(/\r?\n$/, ""));
}

/** Whatever an open descriptor gives; `what` names it and its option, `--passphrase-fd`. */
export async function textFromDescriptor(what: "passphrase" | "shares", option: string): Promise<string> {
  if (!/^\d{1,4}$/.test(option))
    throw new OperatorError(
      `--${what}-fd takes the number of an open descriptor. Nothing was changed.`,
      `Example: --${what}-fd 3 3<FILE`,
    );
  const bytes = await readAll(Number(option)).catch((error: NodeJS.ErrnoException) => {
    throw new OperatorError(
      `Descriptor ${option} cannot be read (${error.code}). Nothing was changed.`,
      `Open it for this command, as in: --${what}-fd ${option} ${option}<FILE`,
    );
  });
  if (bytes.length > MOST_BYTES)
    throw new OperatorError(
      `What descriptor ${option} gives is too long for ${what === "shares" ? "shares" : "a passphrase"}. Nothing was changed.`,
      what === "shares" ? "Give only the shares, one on each line." : "Give only the passphrase.",
    );
  return bytes.toString("utf8");
}

/** All the descriptor gives, or a byte more than a passphrase may have. */
async function readAll(descriptor: number): Promise<Buffer> {
  const bytes = Buffer.alloc(MOST_BYTES + 1);
  for (let length = 0; ; ) {
    const { bytesRead } = await readSome(descriptor, bytes, length, bytes.length - length, null);
    length += bytesRead;
    if (bytesRead === 0) return bytes.subarray(0, length);
  }
}

/** Asks on the terminal without echo. Ctrl-C is an OperatorError. */
export async function ask(message: string): Promise<string> {
  const { password } = await import("@inquirer/prompts");
  try {
    return await password({ message, mask: false, toggleMask: false });
  } catch (error) {
    if ((error as Error).name !== "ExitPromptError") throw error;
    throw new OperatorError(
      "It was left off at the question. Nothing was changed.",
      "Run the command again.",
      ExitCode.refused,
    );
  }
}

export function requireTerminal(next = "Give it with --passphrase-fd N."): void {
  if (process.stdin.isTTY) return;
  throw new OperatorError("There is no terminal to ask for the passphrase on. Nothing was changed.", next);
}

function notEmpty(text: string): Secret<string> {
  if (text === "")
    throw new OperatorError("The passphrase is empty. Nothing was changed.", "Give the vault's passphrase.");
  return new Secret(text);
}

function longEnough(passphrase: Secret<string>): Secret<string> {
  if ([...passphrase.reveal()].length >= LEAST_PASSPHRASE_LENGTH) return passphrase;
  throw new OperatorError(
    `The passphrase is shorter than ${LEAST_PASSPHRASE_LENGTH} characters. Nothing was made.`,
    "Choose a longer one: five or six random words are easy to type and hard to guess.",
  );
}
