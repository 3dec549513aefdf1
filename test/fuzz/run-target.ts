import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { mutate } from "./mutate.ts";
import { Random } from "./random.ts";
import { refusalOf, type Target } from "./target.ts";

/** An input that brought about what no input may. */
export interface Finding {
  readonly target: string;
  readonly input: Uint8Array;
  readonly error: unknown;
}

export interface TargetResult {
  readonly target: string;
  readonly inputs: number;
  /** Inputs that were accepted; the others were refused. */
  readonly accepted: number;
  /** Different answers, refusals among them: a measure of how far the inputs reached. */
  readonly answers: number;
  readonly milliseconds: number;
  /** The slowest input, the best of three. */
  readonly slowestMs: number;
  /** Heap in use after a collection: after a tenth of the inputs, and after all of them. */
  readonly heapBefore: number;
  readonly heapAfter: number;
  readonly findings: readonly Finding[];
}

export interface RunOptions {
  readonly inputs: number;
  readonly seed: number;
  /** Told of each input before it is tried. */
  readonly onInput?: (target: string, input: Uint8Array) => void;
}

/** No input may take longer, on any machine that runs this. */
const LONGEST_MS = 1000;
const KEPT = 512;
const FINDINGS = 20;

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;

export function heapInUse(): number {
  collect();
  return process.memoryUsage().heapUsed;
}

/** Tries the seeds as they are, then mutations of them and of whatever was answered in a new way. */
export async function runTarget(target: Target, { inputs, seed, onInput }: RunOptions): Promise<TargetResult> {
  const random = new Random(seed, target.name);
  const corpus = [...target.seeds];
  const material = { corpus, dictionary: target.dictionary ?? [], longest: target.longest ?? 4096 };
  const answers = new Set<string>();
  const findings: Finding[] = [];
  let [accepted, slowestMs, heapBefore] = [0, 0, 0];
  const began = performance.now();
  for (let count = 0; count < inputs && findings.length < FINDINGS; count++) {
    const input = count < target.seeds.length ? target.seeds[count]! : mutate(material, random);
    onInput?.(target.name, input);
    const tried = performance.now();
    try {
      const answer = await tryInput(target, input);
      if (!answer.startsWith("refused: ") && !answer.startsWith("operator: ")) accepted += 1;
      if (!answers.has(answer) && answers.size < KEPT) {
        answers.add(answer);
        corpus.push(input);
      }
      const took = performance.now() - tried;
      if (took > slowestMs) slowestMs = Math.max(slowestMs, await bestOf(target, input, took));
      if (slowestMs > LONGEST_MS) throw new Error(`took ${Math.round(slowestMs)} ms`);
    } catch (error) {
      findings.push({ target: target.name, input, error });
    }
    if (count === Math.floor(inputs / 10)) heapBefore = heapInUse();
  }
  const milliseconds = performance.now() - began;
  const heapAfter = heapInUse();
  return {
    ...{ target: target.name, inputs, accepted, answers: answers.size, milliseconds },
    ...{ slowestMs, heapBefore, heapAfter, findings },
  };
}

/** One input; throws whatever is a finding. */
export async function tryInput(target: Target, input: Uint8Array): Promise<string> {
  try {
    const answer = target.run(input);
    return typeof answer === "string" ? answer : await answer;
  } catch (error) {
    return refusalOf(error);
  }
}

/** A machine that does something else for a moment must not look like a slow decoder. */
async function bestOf(target: Target, input: Uint8Array, first: number): Promise<number> {
  let best = first;
  for (let again = 0; again < 2; again++) {
    const began = performance.now();
    await tryInput(target, input);
    best = Math.min(best, performance.now() - began);
  }
  return best;
}
