// What an import would be with the age program alone: one run of it a row, each recovery password to a file of its own.
// age-load.ts ROWS FOLDER. Prints JSON: the seconds.
import { mkdirSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { run } from "../../src/drill/lab/program.ts";
import { must } from "./peers.ts";

const [rows, folder] = [Number(process.argv[2]), join(process.argv[3]!, "age")];
rmSync(folder, { recursive: true, force: true });
mkdirSync(folder);
const identity = join(folder, "identity");
await must(["age-keygen", "-o", identity]);
const recipient = await must(["age-keygen", "-y", identity]);

// A shell's loop, so that no program of ours stands in its way. As long as a record is, and no recovery password.
const LOOP = 'i=0; while [ "$i" -lt "$1" ]; do printf %0128d "$i" | age -r "$2" -a -o "$3/$i.age"; i=$((i + 1)); done';
const began = performance.now();
const { code, stderr } = await run(["sh", "-euc", LOOP, "sh", String(rows), recipient, folder], { timeout: 600_000 });
const seconds = (performance.now() - began) / 1000;
if (code !== 0) throw new Error(stderr);
const made = readdirSync(folder).filter((name) => name.endsWith(".age")).length;
if (made !== rows) throw new Error(`${made} of ${rows} rows`);
rmSync(folder, { recursive: true });
process.stdout.write(`${JSON.stringify({ seconds })}\n`);
