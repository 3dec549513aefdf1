// Verifies an exported ledger with whole programs: export-load.ts breakglass|python ENTRIES FOLDER. The export is made there
// if there is none yet. `python` is the script of docs/formats/ledger.md. Prints JSON: the seconds.
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { must } from "./peers.ts";

const [who, entries, folder] = process.argv.slice(2) as [string, string, string];
const ROOT = join(import.meta.dirname, "../..");
const file = join(folder, "ledger.jsonl");
if (!existsSync(file)) await must([process.execPath, join(import.meta.dirname, "ledger-load.ts"), entries, folder]);

const page = readFileSync(join(ROOT, "docs/formats/ledger.md"), "utf8");
const script = join(folder, "check.py");
writeFileSync(script, /```python\n(.*?)```/s.exec(page)![1]!);
const argv =
  who === "python" ? ["python3", script, file] : [join(ROOT, "breakglass"), "ledger", "verify", "--export", file];

const began = performance.now();
const said = await must(argv);
const seconds = (performance.now() - began) / 1000;
if (!said.includes(`ledger holds: ${entries} entries`)) throw new Error(said);
process.stdout.write(`${JSON.stringify({ seconds })}\n`);
