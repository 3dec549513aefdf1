import { once } from "node:events";
import { createReadStream, createWriteStream } from "node:fs";
import { hostname } from "node:os";
import { createInterface } from "node:readline";
import { type Command, InvalidArgumentError } from "commander";
import type { Entry } from "../ledger/entry.ts";
import { exportLine, parseExportLine } from "../ledger/export.ts";
import { openSqliteLedger, type SqliteLedger } from "../ledger/sqlite.ts";
import { type Break, follow, type Link, verifyLedger, type Whole } from "../ledger/verify.ts";
import type { Json } from "../wire/json.ts";
import { MalformedError } from "../wire/malformed.ts";
import { ExitCode, OperatorError } from "../wire/operator-error.ts";
import { fileCause, requireFile } from "./read-file.ts";
import { type StateOption, sayForeignLedger, stateFolder, withStateOption } from "./state.ts";
import { count, formatTable, formatTime, terminalWidth } from "./table.ts";

type VerifyOptions = StateOption & { readonly export?: string; readonly expect?: Expected; readonly json?: boolean };
type Expected = { readonly seq: number; readonly hash: string };

/** `breakglass ledger verify|export|show`. They read; none of them writes to the ledger. */
export function register(program: Command): void {
  const ledger = program.command("ledger").description("what happened, in order, and whether anybody changed it");

  withStateOption(ledger.command("verify"))
    .description("check every entry against the one before it")
    .option("--export <FILE>", "check an exported ledger instead of this station's")
    .option("--expect <SEQ:HASH>", "the ledger also has to hold this entry, noted down earlier", parseExpected)
    .option("--json", "for scripts")
    .addHelpText(
      "after",
      "\nExit code 0 if the ledger holds, 1 if it does not. A ledger cut short still holds: only\n--expect, with a head noted down earlier, finds that.",
    )
    .action(verify);

  withStateOption(ledger.command("export"))
    .description("the ledger as JSON lines (docs/formats/ledger.md)")
    .option("--out <FILE>", "write a new file instead of standard output")
    .action(exportLedger);

  withStateOption(ledger.command("show"))
    .description("the events as a table, times in UTC")
    .option("--tail <N>", "only the last N", parseCount)
    .option("--json", "the entries whole, one JSON object a line")
    .action(show);
}

async function verify(options: VerifyOptions): Promise<void> {
  const { verdict, extra } =
    options.export === undefined
      ? await withLedger(options, async (ledger) => {
          const checked = await verifyLedger(ledger);
          const damage = checked.holds ? await ledger.integrity() : [];
          return { verdict: checked, extra: damage.map((line) => `the file is damaged: ${line}`) };
        })
      : { verdict: await verifyExport(options.export), extra: [] };
  const missing = options.expect === undefined || !verdict.holds ? null : await missingHead(options, options.expect);
  const faults = [...(verdict.holds ? [] : [verdict.what]), ...extra, ...(missing === null ? [] : [missing])];
  if (faults.length > 0) process.exitCode = ExitCode.negative;
  if (options.json) process.stdout.write(`${JSON.stringify({ ...verdict, holds: faults.length === 0, faults })}\n`);
  else process.stdout.write(describeVerdict(verdict, faults));
}

function describeVerdict(verdict: Whole | Break, faults: readonly string[]): string {
  if (!verdict.holds)
    return `THE LEDGER DOES NOT HOLD: ${verdict.what}.\nEntries before it that hold: ${verdict.seq - 1}. Keep the file as it is, and compare it with an earlier export.\n`;
  if (faults.length > 0) return `THE LEDGER DOES NOT HOLD: ${faults.join("; ")}.\nKeep the file as it is.\n`;
  const { entries, head } = verdict;
  if (head === null) return "The ledger holds; it has no entries yet.\n";
  return `The ledger holds: ${count(entries, "entry", "entries")}, the last at ${formatTime(head.at)}.\nTo find a later cut, note down its head: ${head.seq}:${head.hash}\n`;
}

async function verifyExport(file: string): Promise<Whole | Break> {
  let head: Link | null = null;
  try {
    for await (const entry of exportedEntries(file)) {
      const next: Link | Break = follow(head, entry);
      if ("holds" in next) return next;
      head = next;
    }
  } catch (error) {
    if (!(error instanceof MalformedError)) throw error;
    if (head === null)
      throw new OperatorError(`${file} is not an exported ledger: line 1 is ${error.what}.`, "Name another file.");
    const seq = head.seq + 1;
    return { holds: false, seq, fault: "unreadable", what: `line ${error.offset}, entry ${seq}, is ${error.what}` };
  }
  return { holds: true, entries: head?.seq ?? 0, head };
}

async function* exportedEntries(file: string): AsyncGenerator<Entry> {
  requireFile(file, "exported ledger", "Nothing was checked.");
  const input = createReadStream(file, "utf8");
  try {
    await once(input, "open");
  } catch (error) {
    throw new OperatorError(
      `The exported ledger ${file} cannot be read: ${fileCause(error)}. Nothing was checked.`,
      "Check the path, and run the command again.",
    );
  }
  let line = 0;
  for await (const text of createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })) {
    line += 1;
    yield parseExportLine(text, line);
  }
}

/** A hash chain alone does not show that its end was cut off. */
async function missingHead(options: VerifyOptions, { seq, hash }: Expected): Promise<string | null> {
  const missing = `entry ${seq} with the expected hash is not in it: it was cut short or replaced`;
  if (options.export === undefined)
    return withLedger(options, async (ledger) => {
      const [entry] = await ledger.read(seq - 1, 1);
      return entry?.seq === seq && entry.hash === hash ? null : missing;
    });
  for await (const entry of exportedEntries(options.export)) if (entry.seq === seq && entry.hash === hash) return null;
  return missing;
}

async function exportLedger(options: StateOption & { readonly out?: string }): Promise<void> {
  await withLedger(options, async (ledger) => {
    const out =
      options.out === undefined ? process.stdout : createWriteStream(options.out, { flags: "wx", mode: 0o600 });
    try {
      if (out !== process.stdout) await once(out, "open");
      for (let seq = 0; ; ) {
        const entries = await ledger.read(seq, 2_000);
        if (entries.length === 0) break;
        seq = entries.at(-1)!.seq;
        if (!out.write(entries.map(exportLine).join(""))) await once(out, "drain");
      }
      if (out !== process.stdout) await new Promise<void>((done, fail) => out.on("error", fail).end(done));
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      // `ledger export | head` closes the pipe early, and that is no failure.
      if (code === "EPIPE" && out === process.stdout) return;
      if (code === undefined || error instanceof OperatorError) throw error;
      const why =
        code === "EEXIST" ? "is there already and was left untouched" : `cannot be written: ${fileCause(error)}`;
      throw new OperatorError(`${options.out ?? "Standard output"} ${why}.`, "Name another file with --out.");
    }
  });
}

async function show(options: StateOption & { readonly tail?: number; readonly json?: boolean }): Promise<void> {
  await withLedger(options, async (ledger) => {
    const { seq } = await ledger.head();
    const entries = await ledger.read(options.tail === undefined ? 0 : Math.max(0, seq - options.tail));
    if (options.json) return void process.stdout.write(entries.map(exportLine).join(""));
    const rows = entries.map(({ seq: number, at, actor, body }) => {
      const { type, ...fields } = body;
      const told = Object.entries(fields).map(([name, value]) => `${name}=${inShort(value)}`);
      return [String(number), formatTime(at), actor, type, told.join(" ")];
    });
    process.stdout.write(formatTable(["SEQ", "TIME", "ACTOR", "EVENT", ""], rows, terminalWidth()));
  });
}

/** Lists and documents are for `--json`; a table tells how many, or that there is one. */
function inShort(value: Json): string {
  if (Array.isArray(value)) return `[${value.length}]`;
  return typeof value === "object" && value !== null ? "{...}" : String(value);
}

async function withLedger<T>(options: StateOption, act: (ledger: SqliteLedger) => Promise<T>): Promise<T> {
  const { ledger: path } = stateFolder(options);
  sayForeignLedger(options);
  const ledger = await openSqliteLedger(path, { station: hostname(), clock: Date.now, evenIfBroken: true });
  try {
    return await act(ledger);
  } finally {
    await ledger.close();
  }
}

function parseExpected(text: string): Expected {
  const fields = /^(\d{1,15}):([0-9a-f]{64})$/.exec(text);
  if (fields === null) throw new InvalidArgumentError("Write it as `ledger verify` prints it: SEQ:HASH.");
  return { seq: Number(fields[1]), hash: fields[2]! };
}

function parseCount(text: string): number {
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new InvalidArgumentError("A whole number above 0.");
  return Number(text);
}
