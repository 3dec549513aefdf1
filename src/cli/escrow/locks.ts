import { randomBytes, randomUUID } from "node:crypto";
import { closeSync, existsSync, fsyncSync, openSync, rmSync, writeSync } from "node:fs";
import { type Command, InvalidArgumentError } from "commander";
import { shareCardsPage, shareCardText } from "../../dashboard/share-cards.ts";
import { changeLocks } from "../../escrow/locks/change-locks.ts";
import { MOST_SHARES } from "../../escrow/locks/custodians.ts";
import type { Lock } from "../../escrow/locks/lock.ts";
import { unmadeChanges } from "../../escrow/locks/lock-story.ts";
import type { Share } from "../../escrow/locks/share.ts";
import { ExitCode, OperatorError } from "../../wire/operator-error.ts";
import { operatorActor } from "../actor.ts";
import { pasteable } from "../next-step.ts";
import { unsealVault } from "../opener.ts";
import { type OpenerOption, withOpenerOptions } from "../opener-options.ts";
import { ask, readNewPassphrase } from "../passphrase.ts";
import { printJson } from "../print-json.ts";
import { fileCause } from "../read-file.ts";
import { type StateOption, withStateOption } from "../state-option.ts";
import { withStores } from "../stores.ts";
import { count, formatTable, formatTime, terminalWidth } from "../table.ts";

type Options = StateOption & OpenerOption & { readonly json?: boolean };

const EXITS = "\nExit code 0 if it was done, 3 if it was refused (wrong passphrase or shares, the last lock).";
const UNCHANGED = "Nothing was changed.";
const act = () => ({ actor: operatorActor(), fresh: randomUUID() });

/** `breakglass escrow rekey|custodians split|lock list|lock remove`: what opens the vault. No deposit is touched. */
export function defineRekey(command: Command): void {
  withOpenerOptions(withStateOption(command))
    .option("--new-passphrase-fd <N>", "read the new passphrase from this descriptor instead of asking")
    .option("--json", "for scripts")
    .addHelpText("after", EXITS)
    .action(rekey);
}

export function defineSplit(command: Command): void {
  withOpenerOptions(withStateOption(command))
    .requiredOption("--threshold <M>", "shares needed to open the vault", parseSize)
    .requiredOption("--shares <N>", "shares to create", parseSize)
    .option("--out <FILE>", "cards as a page to print, a new HTML file; print it, then destroy it")
    .option("--terminal", "show one card after the other here instead (without --out, this is what is done)")
    .option("--json", "for scripts")
    .addHelpText("after", EXITS)
    .action(split);
}

export function defineList(command: Command): void {
  withStateOption(command).option("--json", "for scripts").action(list);
}

export function defineRemove(command: Command): void {
  withOpenerOptions(withStateOption(command))
    .argument("<number>", "as lock list shows it", parseNumber)
    .option("--json", "for scripts")
    .addHelpText("after", EXITS)
    .action(remove);
}

async function rekey(options: Options & { readonly newPassphraseFd?: string }): Promise<void> {
  await withStores(options, async (vault, ledger) => {
    const openedBy = await unsealVault(vault, options, UNCHANGED);
    const { newPassphraseFd } = options;
    const passphrase = await readNewPassphrase(newPassphraseFd === undefined ? {} : { passphraseFd: newPassphraseFd });
    const change = await vault.locks.rekey(vault.heldIdentity(), passphrase);
    await changeLocks({ vault, ledger }, change, openedBy, act(), Date.now);
    if (options.json) return printJson({ vaultId: vault.vaultId, locks: vault.locks.list() });
    process.stdout.write(
      "The vault has a new passphrase; the old one opens this file no more. It still opens older copies and backups:\n" +
        pasteable("destroy the older ones, and make a new backup: breakglass escrow backup --out FILE\n"),
    );
  });
}

type SplitOptions = Options & { threshold: number; shares: number; out?: string; terminal?: boolean };

async function split(options: SplitOptions): Promise<void> {
  const { threshold, shares, out } = options;
  if (threshold > shares)
    throw new OperatorError(
      `${shares} shares can never be ${threshold}: nobody could open the vault. ${UNCHANGED}`,
      "Make at least as many shares as the threshold, such as --threshold 3 --shares 5.",
    );
  refuseNowhere(options);
  await withStores(options, async (vault, ledger) => {
    const older = vault.locks.list().filter(({ kind }) => kind === "custodians");
    const openedBy = await unsealVault(vault, options, UNCHANGED);
    const { change, set, cards } = await vault.locks.split(vault.heldIdentity(), { threshold, shares }, randomBytes);
    const madeOn = new Date().toISOString().slice(0, 10);
    await changeLocks({ vault, ledger }, change, openedBy, act(), Date.now, () =>
      out === undefined ? showCards(cards, madeOn) : writeCards(cards, madeOn, out),
    );
    if (options.json)
      return printJson({ vaultId: vault.vaultId, ...set, out: out ?? null, replaced: older.map(idOfSet) });
    process.stdout.write(
      `Any ${threshold} of ${count(shares, "share")} of set ${set.setId} now open the vault.\n${
        older.length === 0
          ? ""
          : `Cards of set ${older.map(idOfSet).join(", ")} open it no more: have them destroyed.\n`
      }${
        out === undefined
          ? ""
          : `The cards are in ${out}. Print it, give each custodian one page, then destroy the file: shred -u ${out}\n`
      }${pasteable("Try them before you need them: breakglass escrow verify --open --custodians")}\n`,
    );
  });
}

const idOfSet = ({ set }: Lock) => set?.setId ?? "-";

/** Before anybody types a passphrase. */
function refuseNowhere({ out, terminal, json }: SplitOptions): void {
  const next = "Name a new file with --out, or run this at a terminal.";
  if (out !== undefined && terminal)
    throw new OperatorError(`Both --out and --terminal are given. ${UNCHANGED}`, "Give one of the two.");
  if (out !== undefined && existsSync(out))
    throw new OperatorError(`There is a file ${out} already. It was left untouched. ${UNCHANGED}`, next);
  if (out === undefined && (json || !process.stdout.isTTY || !process.stdin.isTTY))
    throw new OperatorError(`There is no terminal to show the cards on. ${UNCHANGED}`, next);
}

async function writeCards(cards: readonly Share[], madeOn: string, out: string): Promise<void> {
  const page = await shareCardsPage(cards, madeOn);
  let file: number | null = null;
  try {
    file = openSync(out, "wx", 0o600);
    writeSync(file, page);
    fsyncSync(file);
  } catch (error) {
    if (file !== null) rmSync(out, { force: true });
    throw new OperatorError(
      `The cards cannot be written to ${out}: ${fileCause(error)}. What opened the vault before still does.`,
      "Name another file with --out.",
      ExitCode.environment,
    );
  } finally {
    if (file !== null) closeSync(file);
  }
}

/** On the alternate screen: what was on it is not in the terminal's history. */
async function showCards(cards: readonly Share[], madeOn: string): Promise<void> {
  try {
    for (const card of cards) {
      process.stdout.write(`\u001b[?1049h\u001b[2J\u001b[H${await shareCardText(card, madeOn)}\n`);
      await ask(`Only custodian ${card.number} looks now. Written down? Enter clears the screen:`);
    }
  } finally {
    process.stdout.write("\u001b[2J\u001b[H\u001b[?1049l");
  }
}

async function list(options: Options): Promise<void> {
  await withStores(options, async (vault, ledger) => {
    const locks = vault.locks.list();
    const unmade = unmadeChanges(await ledger.read(0), vault.vaultId, locks);
    if (options.json) return printJson({ vaultId: vault.vaultId, locks, unmade });
    const rows = locks.map(({ number, kind, set, createdAt }) => [
      String(number),
      kind,
      set === null ? "anybody who knows it" : `any ${set.threshold} of ${set.shares}, set ${set.setId}`,
      formatTime(createdAt),
    ]);
    process.stdout.write(formatTable(["NUMBER", "LOCK", "OPENED BY", "MADE"], rows, terminalWidth()));
    for (const { seq, at, type } of unmade)
      process.stdout.write(
        `Entry ${seq} (${formatTime(at)}) announced ${type}, but it was interrupted before the change: the locks above still open the vault. Run it again, or leave it.\n`,
      );
  });
}

async function remove(number: number, options: Options): Promise<void> {
  await withStores(options, async (vault, ledger) => {
    const change = vault.locks.remove(number);
    const { kind } = vault.locks.list().find((lock) => lock.number === number)!;
    const alike = vault.locks.list().filter((lock) => lock.kind === kind).length > 1;
    const openedBy = await unsealVault(vault, options, UNCHANGED, alike ? undefined : kind);
    await changeLocks({ vault, ledger }, change, openedBy, act(), Date.now);
    if (options.json) return printJson({ vaultId: vault.vaultId, removed: number, locks: vault.locks.list() });
    process.stdout.write(
      `Lock ${number} (${kind}) opens this file no more. It still opens older copies and backups: destroy those.\n`,
    );
  });
}

function parseSize(text: string): number {
  const number = Number(text);
  if (!/^\d{1,2}$/.test(text) || number < 2 || number > MOST_SHARES)
    throw new InvalidArgumentError(`A number from 2 to ${MOST_SHARES}.`);
  return number;
}

function parseNumber(text: string): number {
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new InvalidArgumentError("A number, as `escrow lock list` shows it.");
  return Number(text);
}
