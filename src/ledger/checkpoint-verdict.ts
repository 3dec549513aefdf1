import { type Checkpoint, signatureFits } from "./checkpoint.ts";
import type { KnownKeys } from "./station-key.ts";
import type { Survey } from "./survey.ts";

/** What a checkpoint shows of a ledger: the reason word. Only `holds` is good. */
type CheckpointAnswer =
  | "holds"
  /** The signature is not one of this text with the key it names: mistyped, or forged. */
  | "bad-signature"
  /** Well signed, by a key that neither the ledger nor the operator named. */
  | "unknown-key"
  /** Signed by a key of this station that the ledger says was replaced at an earlier entry. */
  | "replaced-key"
  | "other-ledger"
  /** The ledger ends before the entry. */
  | "cut"
  /** Another entry stands in its place, with a hash of its own. */
  | "rewritten"
  /** The entry is there, its content is not what was signed. */
  | "changed"
  /** The entry is not there, later ones are. */
  | "missing"
  /** The entry is there as signed, but something before it is not: see the findings. */
  | "broken-before";

export interface CheckpointVerdict {
  readonly checkpoint: Checkpoint;
  readonly answer: CheckpointAnswer;
  /** For a person, without a full stop. */
  readonly what: string;
}

/**
 * Judges each checkpoint against what was found. `trusted`: public keys the operator named; then no other counts. Without
 * them the keys count that the ledger itself tells of.
 */
export function judgeCheckpoints(
  survey: Survey,
  checkpoints: readonly Checkpoint[],
  trusted: ReadonlySet<string> | null,
): CheckpointVerdict[] {
  const inOrder = [...checkpoints].sort((a, b) => a.seq - b.seq);
  return inOrder.map((checkpoint) => {
    const [answer, what] =
      signatureProblem(survey.keys, checkpoint, trusted, survey) ??
      positionProblem(survey, checkpoint) ??
      holds(checkpoint);
    return { checkpoint, answer, what };
  });
}

type Answer = readonly [CheckpointAnswer, string];

const holds = ({ seq }: Checkpoint): Answer => ["holds", `entries 1 to ${seq} are as they were signed`];

function signatureProblem(
  keys: KnownKeys,
  checkpoint: Checkpoint,
  trusted: ReadonlySet<string> | null,
  survey: Survey,
): Answer | null {
  const { publicKey, seq } = checkpoint;
  if (!signatureFits(checkpoint))
    return ["bad-signature", "its signature does not fit: it was mistyped, damaged or forged, and shows nothing"];
  if (trusted?.has(publicKey)) return null;
  const known = keys.get(publicKey);
  if (trusted !== null || known === undefined) {
    const whose = trusted === null ? "that this ledger does not know" : "other than the station key you named";
    const position = positionProblem(survey, checkpoint)?.[1] ?? "its entry is there";
    return ["unknown-key", `it was signed by a key ${whose} (${publicKey}); ${position}`];
  }
  if (known.until !== null && known.until <= seq)
    return [
      "replaced-key",
      `it was signed by a key that was replaced at entry ${known.until}, before the entry it names`,
    ];
  return null;
}

/** What is wrong with the entry that a checkpoint names; null if all is as it was. */
function positionProblem({ ledgerId, head, found, findings }: Survey, checkpoint: Checkpoint): Answer | null {
  const { seq, hash } = checkpoint;
  if (ledgerId !== null && ledgerId !== checkpoint.ledgerId)
    return ["other-ledger", `it is of ledger ${checkpoint.ledgerId}, and this is ledger ${ledgerId}`];
  const here = found.get(seq) ?? [];
  const same = here.find((each) => each.hash === hash);
  if (same?.fits === true) {
    if (same.from === 1 && findings.every((each) => each.seq > seq)) return null;
    return ["broken-before", `entry ${seq} is as it was signed, ${since(same.from, seq)}`];
  }
  if (same !== undefined) return ["changed", `entry ${seq} still has the hash that was signed, but not the content`];
  if (here.length > 0) return ["rewritten", `entry ${seq} has another hash than the one that was signed`];
  const gap = findings.find((each) => each.seq <= seq && seq <= each.to);
  if (gap !== undefined) return ["missing", gap.what];
  const end = head?.seq ?? 0;
  return end < seq
    ? ["cut", `the ledger was cut off after entry ${end}: when it was signed, it had ${seq}`]
    : ["missing", `entry ${seq} is not there`];
}

function since(from: number, seq: number): string {
  if (from === 1) return "and so are those before it, but something was put between them or renumbered";
  return from === seq
    ? "but what stands before it is not"
    : `and so are those from ${from} on, but something before is not`;
}

/**
 * Between which entries something was rewritten or cut, as narrow as the checkpoints tell: after the last that holds, up
 * to the first that does not. Null if all hold, or if the chain itself says where.
 */
export function narrowed(survey: Survey, verdicts: readonly CheckpointVerdict[]): string | null {
  const first = verdicts.find(({ answer }) => answer === "rewritten" || answer === "cut");
  if (first === undefined) return null;
  const { seq } = first.checkpoint;
  const good = verdicts.filter(({ answer, checkpoint }) => answer === "holds" && checkpoint.seq < seq).at(-1);
  const from = (good?.checkpoint.seq ?? 0) + 1;
  const before =
    good === undefined ? "no earlier checkpoint holds" : `entries 1 to ${from - 1} are as they were signed`;
  if (first.answer === "cut") {
    const end = survey.head?.seq ?? 0;
    return `${before}; what was cut off begins at entry ${end + 1}${end >= from ? `, and entries ${from} to ${end} may be others than they were` : ""}`;
  }
  return `${before}; something from entry ${from} on was rewritten, entry ${seq} at the latest`;
}
