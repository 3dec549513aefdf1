import { once } from "node:events";
import { createReadStream } from "node:fs";
import { createInterface } from "node:readline";
import { parseExportLine } from "../../ledger/export.ts";
import { readThrough } from "../../ledger/read-through.ts";
import { type Survey, Surveyor } from "../../ledger/survey.ts";
import { MalformedError } from "../../wire/malformed.ts";
import { OperatorError } from "../../wire/operator-error.ts";
import { fileCause, refuseForeign } from "../read-file.ts";
import { withStateLedger } from "../state.ts";
import type { StateOption } from "../state-option.ts";

/** What was found in a ledger, and what is wrong with its file if the entries themselves are all right. */
interface Surveyed {
  readonly survey: Survey;
  readonly damage: readonly string[];
}

/** The ledger in the state folder; `wanted`: the sequence numbers that will be asked for. */
export function surveyStore(options: StateOption, wanted: readonly number[]): Promise<Surveyed> {
  return withStateLedger(options, async (ledger) => {
    const surveyor = new Surveyor(wanted, ledger.ledgerId);
    for await (const page of readThrough(ledger)) {
      if ("why" in page) surveyor.skip(page);
      else for (const entry of page) surveyor.take(entry);
    }
    const survey = surveyor.end();
    return { survey, damage: survey.findings.length === 0 ? await ledger.integrity() : [] };
  });
}

/** The same for an exported ledger. */
export async function surveyExport(file: string, wanted: readonly number[]): Promise<Surveyed> {
  refuseForeign(file, "exported ledger", "Nothing was checked.", NAME_AN_EXPORT);
  const input = createReadStream(file, "utf8");
  try {
    await once(input, "open");
  } catch (error) {
    throw new OperatorError(
      `The exported ledger ${file} cannot be read: ${fileCause(error)}. Nothing was checked.`,
      "Check the path, and run the command again.",
    );
  }
  const surveyor = new Surveyor(wanted);
  let line = 0;
  for await (const text of createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })) {
    line += 1;
    try {
      surveyor.take(parseExportLine(text, line));
    } catch (error) {
      if (!(error instanceof MalformedError)) throw error;
      if (line === 1)
        throw new OperatorError(`${file} is not an exported ledger: line 1 is ${error.what}.`, NAME_AN_EXPORT);
      surveyor.skipOne(`line ${line} is ${error.what}`);
    }
  }
  return { survey: surveyor.end(), damage: [] };
}

const NAME_AN_EXPORT =
  "Name what `breakglass ledger export` wrote. A ledger in its own folder: breakglass ledger verify --state DIR";
