import type { Command } from "commander";
import type { Checkpoint } from "../../ledger/checkpoint.ts";
import { type CheckpointVerdict, judgeCheckpoints, narrowed } from "../../ledger/checkpoint-verdict.ts";
import type { Survey } from "../../ledger/survey.ts";
import { ExitCode } from "../../wire/operator-error.ts";
import type { ReadCheckpoint } from "../checkpoint-files.ts";
import { pasteable } from "../next-step.ts";
import { type StateOption, withStateOption } from "../state-option.ts";
import { count, formatTime, printable } from "../table.ts";
import { surveyExport, surveyStore } from "./survey.ts";
import { checkpointsToJudge, collectCheckpoint, collectKey, type Expected, parseExpected } from "./verify-options.ts";

type VerifyOptions = StateOption & {
  readonly export?: string;
  readonly expect?: Expected;
  readonly checkpoint?: readonly ReadCheckpoint[];
  readonly checkpoints?: string;
  readonly stationKey?: readonly string[];
  readonly json?: boolean;
};

export function defineVerify(command: Command): void {
  withStateOption(command)
    .argument("[file]", "the same as --export")
    .option("--export <FILE>", "check an exported ledger instead of this station's")
    .option(
      "--checkpoint <FILE|TEXT>",
      "a checkpoint's file, or the text of its QR code; once for each",
      collectCheckpoint,
    )
    .option("--checkpoints <DIR>", "all checkpoints in this folder (default: those in the state folder)")
    .option("--station-key <FILE|KEY>", "only this key's checkpoints count: PEM file or 64 digits", collectKey)
    .option("--expect <SEQ:HASH>", "the ledger also has to hold this entry, noted down earlier", parseExpected)
    .option("--json", "for scripts")
    .addHelpText("after", AFTER)
    .action((file: string | undefined, options: VerifyOptions) =>
      verify(file === undefined ? options : { ...options, export: file }),
    );
}

const AFTER = `
Exit code 0 if the ledger holds, and with it every checkpoint; 1 if not; 2 if what was named is no
checkpoint, ledger or key. A ledger that was cut short or completely rewritten still holds by itself:
only a checkpoint or a head kept elsewhere finds that. A person who can write the ledger's folder can
write its checkpoints, too: name one from paper, and the station key that was noted with it.`;

interface Result {
  readonly survey: Survey;
  readonly verdicts: readonly CheckpointVerdict[];
  readonly sources: ReadonlyMap<Checkpoint, string>;
  readonly faults: readonly string[];
  readonly notes: readonly string[];
}

async function verify(options: VerifyOptions): Promise<void> {
  const { all, unread, optional } = checkpointsToJudge(options);
  const sources = new Map(all.map(({ source, checkpoint }) => [checkpoint as Checkpoint, source]));
  const wanted = [...sources.keys()].map(({ seq }) => seq).concat(options.expect?.seq ?? []);
  const file = options.export;
  const { survey, damage } = file === undefined ? await surveyStore(options, wanted) : await surveyExport(file, wanted);
  const later = optional ? [...sources.keys()].filter((each) => isElsewhere(survey, each)) : [];
  const judged = [...sources.keys()].filter((each) => !later.includes(each));
  const trusted = options.stationKey === undefined ? null : new Set(options.stationKey);
  const verdicts = judgeCheckpoints(survey, judged, trusted);
  const faults = [
    ...survey.findings.map(({ what }) => what),
    ...(survey.more > 0 ? [`and ${survey.more} more`] : []),
    ...damage.map((line) => `the file is damaged: ${line}`),
    ...verdicts.flatMap((each) => (each.answer === "holds" ? [] : [`${nameOf(each, sources)}: ${each.what}`])),
    ...unread.map(({ source, checkpoint }) => `${source} holds no checkpoint: ${checkpoint}`),
    ...missingHead(survey, options.expect),
  ];
  const notes = later.map(
    (each) => `${sources.get(each)} is of entry ${each.seq}, which this export does not reach: not judged`,
  );
  const result = { survey, verdicts, sources, faults, notes };
  if (faults.length > 0) process.exitCode = ExitCode.negative;
  process.stdout.write(options.json ? `${JSON.stringify(forScripts(result))}\n` : describe(result));
}

/** Nobody named this checkpoint, and it is of another ledger than the export, or of a later day. */
const isElsewhere = ({ ledgerId, head }: Survey, checkpoint: Checkpoint) =>
  ledgerId !== checkpoint.ledgerId || checkpoint.seq > (head?.seq ?? 0);

const nameOf = ({ checkpoint }: CheckpointVerdict, sources: ReadonlyMap<Checkpoint, string>) =>
  `checkpoint of entry ${checkpoint.seq}, signed ${formatTime(checkpoint.at)} (${sources.get(checkpoint)})`;

function missingHead(survey: Survey, expected: Expected | undefined): string[] {
  if (expected === undefined) return [];
  const there = survey.found.get(expected.seq)?.some(({ hash, fits }) => fits && hash === expected.hash);
  return there ? [] : [`entry ${expected.seq} with the expected hash is not in it: it was cut short or replaced`];
}

function forScripts({ survey, verdicts, sources, faults, notes }: Result) {
  const { ledgerId, entries, head, findings, more } = survey;
  const checkpoints = verdicts.map(({ checkpoint, answer, what }) => {
    const { seq, hash, at, station, publicKey } = checkpoint;
    return { source: sources.get(checkpoint), seq, hash, at, station, publicKey, answer, what };
  });
  const range = narrowed(survey, verdicts);
  return {
    holds: faults.length === 0,
    ledgerId,
    entries,
    head: findings.length === 0 ? head : null,
    findings,
    more,
    checkpoints,
    narrowed: range,
    faults,
    notes,
  };
}

function describe({ survey, verdicts, faults, notes }: Result): string {
  const said = notes.map((note) => `${note}\n`).join("");
  if (faults.length > 0) return describeBroken(survey, verdicts, faults) + said;
  const { entries, head } = survey;
  if (head === null) return "The ledger holds; it has no entries yet.\n";
  const signed = verdicts.at(-1)?.checkpoint;
  const checked =
    signed === undefined
      ? pasteable(
          "No checkpoint was there to check it against: a cut end would not be seen. Make one: breakglass ledger checkpoint\n",
        )
      : `So ${verdicts.length === 1 ? "does its checkpoint," : `do its ${verdicts.length} checkpoints; the newest is`} of entry ${signed.seq}, signed ${formatTime(signed.at)} by ${printable(signed.station)}, key ${signed.publicKey}.\n`;
  return `The ledger holds: ${count(entries, "entry", "entries")}, the last at ${formatTime(head.at)}.\n${checked}${said}To find a later cut, note down its head: ${head.seq}:${head.hash}\n`;
}

function describeBroken(survey: Survey, verdicts: readonly CheckpointVerdict[], faults: readonly string[]): string {
  const lines = faults.map((fault) => `  ${printable(fault)}\n`).join("");
  const range = narrowed(survey, verdicts);
  const first = survey.findings[0];
  const before = first === undefined ? "" : `Entries before it that follow from one another: ${first.seq - 1}.\n`;
  return `THE LEDGER DOES NOT HOLD:\n${lines}${before}${range === null ? "" : `Where: ${range}.\n`}Keep the file as it is, and compare it with an earlier export.\n`;
}
