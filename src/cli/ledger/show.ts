import { once } from "node:events";
import { createWriteStream } from "node:fs";
import { type Command, InvalidArgumentError } from "commander";
import { exportLine } from "../../ledger/export.ts";
import type { Json } from "../../wire/json.ts";
import { OperatorError } from "../../wire/operator-error.ts";
import { writeCause } from "../read-file.ts";
import { withStateLedger } from "../state.ts";
import { type StateOption, withStateOption } from "../state-option.ts";
import { formatTable, formatTime, terminalWidth } from "../table.ts";

/** `breakglass ledger verify|checkpoint|export|show`. Of them, only `checkpoint` writes to the ledger. */
export function defineExport(command: Command): void {
  withStateOption(command).option("--out <FILE>", "write a new file instead of standard output").action(exportLedger);
}

export function defineShow(command: Command): void {
  withStateOption(command)
    .option("--tail <N>", "only the last N", parseCount)
    .option("--json", "the entries whole, one JSON object a line")
    .action(show);
}

async function exportLedger(options: StateOption & { readonly out?: string }): Promise<void> {
  await withStateLedger(options, async (ledger) => {
    const out =
      options.out === undefined ? process.stdout : createWriteStream(options.out, { flags: "wx", mode: 0o600 });
    try {
      if (out !== process.stdout) await once(out, "open");
      for (let seq = 0; ; ) {
        const entries = await ledger.readRaw(seq, 2_000);
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
        code === "EEXIST" ? "is there already and was left untouched" : `cannot be written: ${writeCause(error)}`;
      throw new OperatorError(`${options.out ?? "Standard output"} ${why}.`, "Name another file with --out.");
    }
  });
}

async function show(options: StateOption & { readonly tail?: number; readonly json?: boolean }): Promise<void> {
  await withStateLedger(options, async (ledger) => {
    const { seq } = await ledger.head();
    const entries = await ledger.readRaw(options.tail === undefined ? 0 : Math.max(0, seq - options.tail));
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

function parseCount(text: string): number {
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new InvalidArgumentError("A whole number above 0.");
  return Number(text);
}
