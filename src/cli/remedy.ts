import { existsSync } from "node:fs";
import type { Command } from "commander";
import { REMEDIES } from "../remedy/library.ts";
import { formatNameGrammar } from "../remedy/name.ts";
import { compileRemoval } from "../remedy/plan.ts";
import { loadRemedy, remedySha256 } from "../remedy/remedy.ts";
import type { Remedy } from "../remedy/schema.ts";
import { loadQuarantineManifest, planUndo, undoScript } from "../remedy/undo.ts";
import { MalformedError } from "../wire/malformed.ts";
import { OperatorError } from "../wire/operator-error.ts";
import { readText } from "./read-file.ts";
import { formatTable, printable, terminalWidth } from "./table.ts";

/** `breakglass remedy list|show|check|undo`. Reads files, changes nothing anywhere. */
export function defineList(command: Command): void {
  command.option("--json", "as JSON").action(({ json }: { json?: boolean }) => {
    const all = [...REMEDIES.values()];
    if (json) return printJson(all.map((each) => ({ id: each.id, title: each.title, sha256: remedySha256(each) })));
    const rows = all.map(({ id, title }) => [id, title]);
    process.stdout.write(formatTable(["REMEDY", "WHAT IT IS FOR"], rows, terminalWidth()));
  });
}

export function defineShow(command: Command): void {
  command
    .argument("<id>", "a remedy of `remedy list`")
    .option("--json", "the document itself")
    .action((id: string, { json }: { json?: boolean }) => {
      const found = REMEDIES.get(id);
      if (!found) throw noRemedy(id, NOTHING);
      if (json) return printJson(found);
      console.log(describeRemedy(found));
    });
}

export function defineCheck(command: Command): void {
  command
    .argument("<file>", "a remedy you wrote (docs/formats/remedy.md)")
    .option("--json", "as JSON")
    .action((file: string, { json }: { json?: boolean }) => {
      const found = readAs(file, "remedy", loadRemedy);
      if (json) return printJson({ id: found.id, sha256: remedySha256(found) });
      console.log(`${file} is a valid remedy.\n\n${describeRemedy(found)}`);
    });
}

export function defineUndo(command: Command): void {
  command
    .argument("<manifest>", "the manifest.json from a device's Windows\\Breakglass-Quarantine")
    .option("--drive <letter>", "the drive letter Windows has on that device", "C:")
    .option("--json", "the steps, paths relative to the volume's root")
    .action((file: string, { json, drive }: { json?: boolean; drive: string }) => {
      if (!/^[A-Za-z]:$/.test(drive))
        throw new OperatorError(`"${printable(drive)}" is not a drive letter. ${NOTHING}`, "Write it like C:");
      const steps = planUndo(readAs(file, "quarantine manifest", loadQuarantineManifest));
      if (json) return printJson(steps);
      console.log(undoScript(steps, drive.toUpperCase()));
    });
}

const NOTHING = "Nothing was changed.";

/** A remedy by its ID, or by the path of a file that holds one. `unchanged` says what was left untouched. */
export function readRemedy(idOrFile: string, unchanged = NOTHING): Remedy {
  const known = REMEDIES.get(idOrFile);
  if (known !== undefined) return known;
  if (!/[./\\]/.test(idOrFile) && !existsSync(idOrFile)) throw noRemedy(idOrFile, unchanged);
  return readAs(idOrFile, "remedy", loadRemedy, unchanged);
}

function noRemedy(id: string, unchanged: string): OperatorError {
  return new OperatorError(
    `There is no remedy "${printable(id)}". ${unchanged}`,
    `It is one of: ${[...REMEDIES.keys()].join(", ")}. Or name the file of one you wrote.`,
  );
}

function describeRemedy(remedy: Remedy): string {
  const removals = remedy.remove.map((removal) =>
    [
      `  folder   ${removal.folder}`,
      `  name     ${removal.name.map((part) => ("literal" in part ? part.literal : `<${part.digits} digits>`)).join("")}`,
      `  header   ${removal.header}`,
      `  written  from ${removal.bad.from}, before ${removal.bad.until}`,
      `  at most  ${removal.maxFiles} files; with more, none is touched`,
      `  action   ${removal.action}`,
      `  grammar  ${formatNameGrammar(compileRemoval(removal).name)}`,
    ].join("\n"),
  );
  return [`${remedy.id}: ${remedy.title}`, remedy.why, ...removals, `sha256 ${remedySha256(remedy)}`].join("\n\n");
}

function readAs<T>(file: string, what: string, parse: (text: string) => T, unchanged = NOTHING): T {
  const text = readText(file, what, unchanged);
  try {
    return parse(text);
  } catch (error) {
    if (!(error instanceof MalformedError)) throw error;
    throw new OperatorError(
      `${file} is not a ${what}: ${printable(error.what)}. ${unchanged}`,
      "Correct that, or name another file.",
    );
  }
}

function printJson(value: unknown): void {
  console.log(JSON.stringify(value, null, 2));
}
