import { statSync } from "node:fs";
import { homedir } from "node:os";
import { join, resolve } from "node:path";
import { isOnPath, programFile } from "./program-file.ts";
import type { Verb } from "./verb.ts";

/** What a command that is to be pasted depends on. */
export interface Caller {
  readonly verbs: readonly Verb[];
  /** The program's own file, and whether the shell knows it as `breakglass`. */
  readonly file: string;
  readonly onPath: boolean;
  /** The state folder that was used, and the one that is used when none is named. */
  readonly state: string;
  readonly defaultState: string;
  readonly sudo: "typed" | "by-root" | "by-user";
  /** Whose the state folder is; null if there is none. */
  readonly stateOwner: number | null;
}

/** Set once, when a run of the program begins; without it texts stay as they are written. */
let verbsOfRun: readonly Verb[] | null = null;
let stateOfRun: string | undefined;

export function beginRun(verbs: readonly Verb[], state: string | undefined): void {
  verbsOfRun = verbs;
  stateOfRun = state;
}

/** A text with `breakglass VERB` in it, as the person who reads it can paste it: see `pasteableFor`. */
export function pasteable(text: string): string {
  return verbsOfRun === null || !text.includes("breakglass ") ? text : pasteableFor(text, thisCaller(verbsOfRun));
}

/** What shows a verb's options, to be pasted; without words the program's own help. */
export function helpCommand(verb: readonly string[]): string {
  const file = programFile();
  return [isOnPath(file) ? "breakglass" : shellQuoted(file), ...verb, "--help"].join(" ");
}

/** What to do where the same command works as root. */
export function again(how: "sudo"): string {
  const words = process.argv.slice(2);
  const named = words.some((word) => /^--state(=|$)/.test(word));
  const stateless = verbsOfRun === null || findVerb(verbsOfRun, words)?.stateless !== false;
  const state = named || stateless ? [] : ["--state", stateFolderOf(stateOfRun)];
  return `Run it as root: ${[how, ...[programFile(), ...words, ...state].map(shellQuoted)].join(" ")}`;
}

/** True also where there are no user numbers: there is no sudo there. */
export function isRoot(): boolean {
  return (process.getuid?.() ?? 0) === 0;
}

function thisCaller(verbs: readonly Verb[]): Caller {
  const file = programFile();
  const state = stateFolderOf(stateOfRun);
  return {
    ...{ verbs, file, state, onPath: isOnPath(file), defaultState: stateFolderOf(undefined, {}) },
    sudo: !isRoot() ? "by-user" : process.env.SUDO_UID === undefined ? "by-root" : "typed",
    stateOwner: ownerOf(state),
  };
}

/** The state folder of `--state`, $BREAKGLASS_STATE or ~/.breakglass. `~/` that no shell replaced is the home folder. */
export function stateFolderOf(option: string | undefined, env: NodeJS.ProcessEnv = process.env): string {
  const named = option ?? env.BREAKGLASS_STATE ?? join(homedir(), ".breakglass");
  return resolve(/^~(?=$|\/)/.test(named) ? join(homedir(), named.slice(1)) : named);
}

function ownerOf(folder: string): number | null {
  try {
    return statSync(folder).uid;
  } catch {
    return null;
  }
}

/**
 * Replaces `breakglass VERB` by what a shell takes: the program as this shell finds it, `sudo` where the verb or the
 * state folder's owner needs it, and `--state` where another folder than the default would be used without it.
 * `breakglass` before a word that is no verb is the product's name, and stays.
 */
export function pasteableFor(text: string, caller: Caller): string {
  return text.replace(/(?<![\w./-])breakglass((?: [a-z][a-z-]*)+)([^\n`]*)/g, (whole, typed: string, after: string) => {
    const words = typed.trim().split(" ");
    const found = findVerb(caller.verbs, words);
    if (found === null) return whole;
    const [path, rest] = [words.slice(0, found.depth), words.slice(found.depth)];
    const sudo =
      caller.sudo === "typed" || (caller.sudo === "by-user" && (path[0] === "serve" || caller.stateOwner === 0));
    const elsewhere = caller.state !== caller.defaultState || (sudo && caller.sudo === "by-user");
    const state =
      elsewhere && !found.stateless && !after.includes("--state ") ? ["--state", shellQuoted(caller.state)] : [];
    const program = caller.onPath && !(sudo && caller.sudo === "by-user") ? "breakglass" : shellQuoted(caller.file);
    return [...(sudo ? ["sudo"] : []), program, ...path, ...state, ...rest].join(" ") + after;
  });
}

/** How many of the words name a verb; null if they begin with none. A family alone is one, too. */
export function findVerb(
  verbs: readonly Verb[],
  words: readonly string[],
): { depth: number; stateless: boolean } | null {
  const [first, ...rest] = words;
  const verb = verbs.find(({ name }) => name === first);
  if (verb === undefined) return null;
  const below = findVerb(verb.verbs ?? [], rest);
  const stateless = verb.stateless === true || verb.verbs !== undefined;
  return below === null
    ? { depth: 1, stateless }
    : { depth: below.depth + 1, stateless: verb.stateless === true || below.stateless };
}

/** One word for a POSIX shell. */
export function shellQuoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
