import { accessSync, constants, existsSync, readdirSync, type Stats, statSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { VAULT_FILE } from "../escrow/vault-file.ts";
import { LEDGER_FILE } from "../ledger/open-ledger.ts";
import { letsOthersIn } from "../server/platform/platform.ts";
import { PLATFORM } from "../server/platform/this-platform.ts";
import { ExitCode, OperatorError } from "../wire/operator-error.ts";
import { again, shellQuoted } from "./next-step.ts";
import { fileCause } from "./read-file.ts";

const STORES = [VAULT_FILE, LEDGER_FILE];

/**
 * Throws OperatorError if `folder` cannot be a state folder, and says what it is. One that is to be made (`create`), or
 * that is empty, may become one.
 */
export function refuseWrongFolder(folder: string, create: boolean): void {
  const found = look(folder);
  if (found === null) {
    if (!create) refuseMissing(folder);
    return;
  }
  if (!found.isDirectory()) throw notAFolder(folder);
  refuseForeign(folder, found);
  if (letsOthersIn(PLATFORM, found.mode)) refuseOpen(folder, found.mode);
}

function look(folder: string): Stats | null {
  try {
    return statSync(folder, { throwIfNoEntry: false }) ?? null;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOTDIR") throw notAFolder(dirname(folder));
    throw new OperatorError(
      `The state folder ${folder} cannot be looked at by this user: ${fileCause(error)}. Nothing was opened.`,
      again("sudo"),
      ExitCode.environment,
    );
  }
}

function notAFolder(path: string): OperatorError {
  const store = STORES.includes(basename(path));
  return new OperatorError(
    `${path} is ${store ? "a file in a state folder, not the folder" : "a file, not a state folder"}. Nothing was opened.`,
    store
      ? `Name its folder: --state ${shellQuoted(dirname(path))}`
      : `Name the folder that has ${STORES.join(" and ")} with --state.`,
  );
}

/** The default folder that is not there is a first use: the verb itself says that nothing was made yet. */
function refuseMissing(folder: string): void {
  const near = similarFolders(folder);
  if (near.length === 0) return;
  throw new OperatorError(
    `There is no folder ${folder}. Nothing was opened.`,
    `Did you mean --state ${near.map(shellQuoted).join(" or --state ")}`,
  );
}

/** More than these help nobody to choose. */
const MOST_NAMED = 3;

/** State folders beside a name that was mistyped: those that share most of its letters first. */
function similarFolders(folder: string): readonly string[] {
  const typed = basename(folder);
  try {
    return readdirSync(dirname(folder))
      .map((name) => ({ path: join(dirname(folder), name), apart: lettersApart(typed, name) }))
      .sort((a, b) => a.apart - b.apart)
      .map(({ path }) => path)
      .filter((candidate) => STORES.some((store) => isThere(join(candidate, store))))
      .slice(0, MOST_NAMED);
  } catch {
    return [];
  }
}

/** How many letters one name has and the other has not, whatever their order. */
function lettersApart(one: string, other: string): number {
  const left = [...other];
  const missing = [...one].filter((letter) => {
    const index = left.indexOf(letter);
    if (index >= 0) left.splice(index, 1);
    return index < 0;
  });
  return missing.length + left.length;
}

function isThere(path: string): boolean {
  try {
    return existsSync(path);
  } catch {
    return false;
  }
}

/** Of a folder that this user may not enter, nobody can say what is in it. */
function refuseForeign(folder: string, { uid, mode }: Stats): void {
  try {
    accessSync(folder, constants.X_OK | constants.R_OK);
  } catch {
    const owner = uid === 0 ? "root" : `user ${uid}`;
    throw new OperatorError(
      `The state folder ${folder} belongs to ${owner} (mode ${(mode & 0o777).toString(8)}), and this user may not open it. Nothing was opened.`,
      uid === 0 ? again("sudo") : `Run the command as user ${uid}.`,
      ExitCode.environment,
    );
  }
}

function refuseOpen(folder: string, mode: number): void {
  const names = readdirSync(folder);
  if (names.length > 0 && !STORES.some((store) => names.includes(store)))
    throw new OperatorError(
      `${folder} is no state folder: it has neither ${STORES.join(" nor ")}. Nothing was opened.`,
      "Name the right folder with --state.",
    );
  throw new OperatorError(
    `Others on this machine may look into ${folder} (mode ${(mode & 0o777).toString(8)}). Nothing was opened.`,
    `Close it first: chmod 700 ${shellQuoted(folder)}`,
    ExitCode.environment,
  );
}
