import { type CustodianSet, type ShareRefusal, ShareTray } from "../escrow/locks/custodians.ts";
import type { Lock } from "../escrow/locks/lock.ts";
import type { Vault } from "../escrow/vault.ts";
import type { OpenedBy } from "../ledger/events/vault.ts";
import { guardMemory } from "../server/guard.ts";
import { ExitCode, OperatorError } from "../wire/operator-error.ts";
import { Secret } from "../wire/secret.ts";
import type { OpenerOption } from "./opener-options.ts";
import { ask, readPassphrase, requireTerminal, textFromDescriptor } from "./passphrase.ts";
import { count } from "./table.ts";

const TRIES = 3;

/**
 * Opens the vault with what the operator gives: passphrase or shares, from descriptors or asked for on the terminal.
 * `without` is a kind of lock that does not count now. `unchanged` says what did not happen if nothing opens it.
 */
export async function unsealVault(
  vault: Vault,
  options: OpenerOption,
  unchanged: string,
  without?: Lock["kind"],
): Promise<OpenedBy> {
  guardMemory();
  const locks = vault.locks.list().filter(({ kind }) => kind !== without);
  const set = locks.findLast((lock) => lock.set !== null)?.set ?? null;
  const ways = { passphrase: locks.some(({ kind }) => kind === "passphrase"), set, unchanged };
  refuseAbsent(options, ways);
  if (options.sharesFd !== undefined) return sharesFromDescriptor(vault, ways, options.sharesFd);
  if (options.passphraseFd !== undefined) return passphraseOnce(vault, options, unchanged);
  requireTerminal("Give what opens the vault with --passphrase-fd N or --shares-fd N.");
  if (options.custodians || !ways.passphrase) return askCustodians(vault, set!, unchanged);
  return askPassphrase(vault, ways);
}

interface Ways {
  readonly passphrase: boolean;
  readonly set: CustodianSet | null;
  readonly unchanged: string;
}

function refuseAbsent(options: OpenerOption, { passphrase, set, unchanged }: Ways): void {
  const shares = options.custodians || options.sharesFd !== undefined;
  if (shares && options.passphraseFd !== undefined)
    throw new OperatorError(`Both a passphrase and shares are given. ${unchanged}`, "Give one of the two.");
  if (shares && set === null)
    throw new OperatorError(
      `This vault has no custodians that could open it now. ${unchanged}`,
      passphrase ? "Use its passphrase." : "See what opens it with: breakglass escrow lock list",
      ExitCode.refused,
    );
  if (passphrase || (options.passphraseFd === undefined && set !== null)) return;
  throw new OperatorError(
    `This vault has no passphrase that could open it now. ${unchanged}`,
    "Use its custodians: --custodians",
    ExitCode.refused,
  );
}

async function passphraseOnce(vault: Vault, options: OpenerOption, unchanged: string): Promise<OpenedBy> {
  if ((await vault.unseal(await readPassphrase(options))) === "unsealed") return { by: "passphrase" };
  throw wrongPassphrase(unchanged);
}

/** A mistyped passphrase is asked for again; where there are custodians, Enter alone goes to them. */
async function askPassphrase(vault: Vault, { set, unchanged }: Ways): Promise<OpenedBy> {
  const question = `Passphrase of the vault${set === null ? "" : " (Enter alone: custodians)"}:`;
  for (let left = TRIES; left > 0; left -= 1) {
    const typed = await ask(question);
    if (typed === "" && set !== null) return askCustodians(vault, set, unchanged);
    if (typed !== "" && (await vault.unseal(new Secret(typed))) === "unsealed") return { by: "passphrase" };
    if (left > 1) tell("That does not open the vault. Is Caps Lock on?");
  }
  throw wrongPassphrase(unchanged);
}

async function askCustodians(vault: Vault, set: CustodianSet, unchanged: string): Promise<OpenedBy> {
  tell(
    `Any ${set.threshold} of the ${set.shares} shares of set ${set.setId} open this vault, in any order. ` +
      "Type or scan each from its card, BG1 and all; it is not shown. Ctrl-C leaves everything as it is.",
  );
  for (let left = TRIES; left > 0; left -= 1) {
    const tray = new ShareTray(vault.vaultId, set);
    while (tray.missing > 0) {
      const answer = tray.take(await ask(`A share (${tray.missing} of ${set.threshold} still needed):`));
      if ("taken" in answer) tell(`Share ${answer.taken} of ${set.shares} taken.`);
      else tell(`Not taken (${answer.refuse}): ${answer.detail}. ${HINTS[answer.refuse]}`);
    }
    if ((await vault.unsealByShares(tray.shares)) === "unsealed") return openedBy(set, tray);
    if (left > 1) tell(`${doNotCombine(tray)} All of them once more.`);
  }
  throw new OperatorError(
    `The shares do not combine (shares-do-not-combine). ${unchanged}`,
    "Try other custodians' shares, or the passphrase. See which set opens the vault with: breakglass escrow lock list",
    ExitCode.refused,
  );
}

const HINTS: Readonly<Record<ShareRefusal, string>> = {
  "not-a-share": "Type all that is on the card, from BG1 on.",
  "mistyped-share": "Compare it with the card, and type it once more.",
  "share-given-already": "Another custodian's is needed.",
  "share-of-another-set": "That card is of an older splitting, and should be destroyed. Type one of the newer set.",
  "share-of-another-vault": "Type one of this vault.",
};

async function sharesFromDescriptor(vault: Vault, { set, unchanged }: Ways, option: string): Promise<OpenedBy> {
  const tray = new ShareTray(vault.vaultId, set!);
  const lines = (await textFromDescriptor("shares", option)).split(/\r?\n/);
  for (const [index, line] of lines.entries()) {
    if (line.trim() === "" || tray.missing === 0) continue;
    const answer = tray.take(line);
    if ("refuse" in answer)
      throw new OperatorError(
        `Line ${index + 1} is not taken (${answer.refuse}): ${answer.detail}. ${unchanged}`,
        HINTS[answer.refuse],
        ExitCode.refused,
      );
  }
  if (tray.missing > 0)
    throw new OperatorError(
      `${count(tray.shares.length, "share")} came, and ${set!.threshold} are needed. ${unchanged}`,
      "Give more of them, one on each line.",
      ExitCode.refused,
    );
  if ((await vault.unsealByShares(tray.shares)) === "unsealed") return openedBy(set!, tray);
  throw new OperatorError(`${doNotCombine(tray)} ${unchanged}`, "Try other custodians' shares.", ExitCode.refused);
}

function openedBy({ setId }: CustodianSet, { shares }: ShareTray): OpenedBy {
  return { by: "custodians", setId, shares: shares.map(({ number }) => number) };
}

function doNotCombine({ shares }: ShareTray): string {
  const numbers = shares.map(({ number }) => number).join(", ");
  return `Shares ${numbers} do not combine (shares-do-not-combine): at least one is not what was given out.`;
}

function wrongPassphrase(unchanged: string): OperatorError {
  return new OperatorError(
    `The passphrase does not open the vault. ${unchanged}`,
    "Start again with the right one.",
    ExitCode.refused,
  );
}

function tell(text: string): void {
  process.stderr.write(`${text}\n`);
}
