// `npm run test:fresh`: the two commands of README on machines that have nothing but Debian, Node and npm. Makes each by
// debootstrap in a folder, clones this checkout in, runs `npm start` and `npm test` there as root and as a user with sudo,
// and compares `dpkg --verify` before and after. Exit code 1 if a command fails or changes a file of a package.
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { ExitCode, OperatorError } from "../../src/wire/operator-error.ts";
import { ask, type Entered, HOMES, killAll, run } from "./enter.ts";
import { LACKS, nameLacks, nameTests, type TestReport } from "./lacks.ts";
import { ACCOUNTS, type Account, COMMANDS, type Command, RELEASES, type Release } from "./machines.ts";
import { CHECKOUT, cloneCheckout, enterable, makeMachine, whatIsCloned } from "./make.ts";
import { newlyChanged } from "./verify-lists.ts";

const USAGE = `usage: npm run test:fresh -- [--only trixie|bookworm] [--as root|user] [--command start|test] [--keep] [-- ARGS]
  ARGS     for the command inside, as in: --only trixie --as root --command test -- --project unit
  --keep   leaves the machines where they are; --reuse FOLDER uses one of them again, with --only and --as
`;

/** @throws OperatorError with the usage if this is not one of them. */
function chosen<T extends string>(all: readonly T[], one: string | undefined): readonly T[] {
  if (one === undefined) return all;
  const found = all.filter((name) => name === one);
  if (found.length === 0)
    throw new OperatorError(`"${one}" is none of ${all.join(", ")}. Nothing was made.`, USAGE.trimEnd());
  return found;
}

function say(line: string): void {
  process.stdout.write(`fresh: ${line}\n`);
}

function readReports(folder: string): TestReport[] {
  const names = readdirSync(folder).filter((name) => /^test-results.*\.json$/.test(name));
  return names.map((name) => JSON.parse(readFileSync(join(folder, name), "utf8")));
}

/** Runs one command; gives the lines of the summary, and whether it counts as failed. */
async function runCommand(
  machine: Entered,
  account: Account,
  command: Command,
  args: readonly string[],
  drill: boolean,
) {
  const began = Date.now();
  const npm = command === "start" ? "npm start --" : "npm test --";
  const status = await run(machine, account, `cd ${CHECKOUT} && exec ${npm} "$@"`, args);
  const took = `${Math.round((Date.now() - began) / 1000)} s`;
  if (command === "start") {
    if (status === 0) return { failed: false, lines: [`passed in ${took}`] };
    if (!drill)
      return {
        failed: false,
        lines: [`cannot be shown here (exit code ${status} after ${took}); what is missing is named above`],
      };
    return { failed: true, lines: [`FAILED with exit code ${status} after ${took}`] };
  }
  const build = join(machine.folder, HOMES[account], CHECKOUT, "build");
  const tests = nameTests(status === null ? [] : readReports(build), drill);
  const ran = tests.passed + tests.failed.length > 0;
  const failed = tests.failed.length > 0 || !ran || (status !== 0 && tests.notShown.length === 0);
  const named = (what: string, names: readonly string[]) => names.map((name) => `${what}: ${name}`);
  return {
    failed,
    lines: [
      `${failed ? "FAILED" : "passed"} with exit code ${status} after ${took}: ${tests.passed} tests passed, ${tests.failed.length} failed`,
      ...named("failed", tests.failed),
      ...named("cannot be shown here", tests.notShown),
      ...named("skipped", tests.skipped),
    ],
  };
}

/** One machine, one account: both commands in turn. Gives how many of its checks failed, and the summary's lines. */
async function tryMachine(
  machine: Entered,
  release: Release,
  account: Account,
  commands: readonly Command[],
  args: readonly string[],
) {
  const who = `Debian ${release.version} as ${account === "root" ? "root" : "a user with sudo"}`;
  // Where nothing runs, every probe fails, and each failure would be excused by what seems to be missing.
  if (!ask(machine, account, "node --version && npm --version").ok)
    throw new OperatorError(
      `${who}: neither node nor npm runs there. Nothing was tried.`,
      "The words of the program that failed are above.",
      ExitCode.environment,
    );
  const found = LACKS.filter(({ probe }) => ask(machine, account, probe).ok).map(({ name }) => name);
  const lacks = nameLacks(account, new Set(found));
  const versions = ask(machine, account, "echo Node $(node --version), npm $(npm --version)").output.trim();
  const summary = [`${who}: ${versions}`, ...lacks.lines.map((line) => `${who}: ${line}`)];
  for (const line of summary) say(line);
  const verify = () => ask(machine, "root", "dpkg --verify").output;
  let failures = 0;
  let before = verify();
  cloneCheckout(machine, account);
  for (const command of commands) {
    const name = `${who}: ${["npm", command, ...(args.length > 0 ? ["--", ...args] : [])].join(" ")}`;
    say(`${name} ...`);
    const { failed, lines } = await runCommand(machine, account, command, args, lacks.drill);
    const after = verify();
    const changed = newlyChanged(before, after);
    before = after;
    const files =
      changed.length === 0
        ? ["no file of a package changed"]
        : changed.map((line) => `CHANGED a file of a package: ${line}`);
    if (failed || changed.length > 0) failures++;
    for (const line of [...lines, ...files]) {
      say(`${name}: ${line}`);
      summary.push(`${name}: ${line}`);
    }
  }
  return { failures, summary };
}

async function main(): Promise<number> {
  // Ctrl-C ends the command that runs; the machine is removed all the same.
  let stopped = false;
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const)
    process.on(signal, () => {
      stopped = true;
      killAll();
    });
  const text = { type: "string" } as const;
  const options = {
    only: text,
    as: text,
    command: text,
    reuse: text,
    keep: { type: "boolean", default: false },
  } as const;
  const { values, positionals } = parseArgs({ options, allowPositionals: true });
  const suites = chosen(
    RELEASES.map(({ suite }) => suite),
    values.only,
  );
  const accounts = chosen(ACCOUNTS, values.as);
  const commands = chosen(COMMANDS, values.command);
  if (process.getuid?.() !== 0)
    throw new OperatorError("Only root can make a machine in a folder. Nothing was made.", "sudo npm run test:fresh");
  if (values.reuse !== undefined && suites.length * accounts.length > 1)
    throw new OperatorError("--reuse is one machine. Nothing was run.", USAGE.trimEnd());
  say(`the checkout is ${whatIsCloned()}`);
  const summary: string[] = [];
  let failures = 0;
  for (const release of RELEASES.filter(({ suite }) => suites.includes(suite)))
    for (const account of accounts) {
      // Not in /tmp: on Debian 13 that is memory, without devices.
      const outer = values.reuse === undefined ? mkdtempSync(`/var/tmp/breakglass-fresh-${release.suite}-`) : null;
      // The outer folder is root's alone. The one inside becomes `/`, which every user must be able to enter.
      const folder = outer === null ? values.reuse! : join(outer, "machine");
      try {
        const machine = values.reuse === undefined ? await makeMachine(release, folder) : enterable(release, folder);
        const tried = await tryMachine(machine, release, account, commands, positionals);
        failures += tried.failures;
        summary.push(...tried.summary);
        if (stopped) throw new OperatorError("Stopped by a signal. Nothing more was run.", "Run it again.");
      } finally {
        if (values.keep || outer === null) summary.push(`kept: ${folder}`);
        else rmSync(outer, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
      }
    }
  process.stdout.write(
    `\n${summary.join("\n")}\n${failures === 0 ? "fresh machines: all as it should be" : `fresh machines: ${failures} failed`}\n`,
  );
  return failures === 0 ? 0 : 1;
}

try {
  process.exitCode = await main();
} catch (error) {
  const bad = error instanceof Error && "code" in error && String(error.code).startsWith("ERR_PARSE_ARGS");
  if (!(error instanceof OperatorError) && !bad) throw error;
  process.stderr.write(`fresh: ${error.message}\n  next: ${error instanceof OperatorError ? error.next : USAGE}\n`);
  process.exitCode = error instanceof OperatorError ? error.exitCode : 2;
}
