import { parseArgs } from "node:util";
import { fuzzLive } from "./live.ts";
import { liveReport, report, toVector } from "./report.ts";
import { runTarget, type TargetResult } from "./run-target.ts";
import { TARGETS } from "./targets.ts";
import { watchForHangs } from "./watchdog.ts";

/** The sockets of a whole station: every so many inputs one, since they are slower. */
const LIVE = "live";
const LIVE_SHARE = 50;

const { values } = parseArgs({
  options: {
    inputs: { type: "string", default: "1000000" },
    seed: { type: "string", default: String(Date.now() % 1_000_000) },
    only: { type: "string", multiple: true },
  },
});
const [inputs, seed] = [Number(values.inputs), Number(values.seed)];
const isChosen = (name: string) => values.only === undefined || values.only.includes(name);
const chosen = TARGETS.filter(({ name }) => isChosen(name));
if ((chosen.length === 0 && !isChosen(LIVE)) || !(inputs >= 1) || !Number.isInteger(seed)) {
  process.stderr.write(
    `usage: npm run fuzz -- --inputs N --seed S --only NAME\nnames: ${[...TARGETS.map(({ name }) => name), LIVE].join(" ")}\n`,
  );
  process.exit(2);
}

const shares = chosen.reduce((sum, { share }) => sum + share, 0);
const results: TargetResult[] = [];
const watch = watchForHangs();
process.stdout.write(`fuzz: seed ${seed}, ${inputs} inputs, ${chosen.length} targets\n`);
for (const target of chosen) {
  const result = await runTarget(target, {
    inputs: Math.ceil((inputs * target.share) / shares),
    seed,
    onInput: watch.onInput,
  });
  results.push(result);
  process.stdout.write(report(result));
  for (const finding of result.findings) process.stdout.write(toVector(finding));
  await target.close?.();
}
await watch.end();
const live = isChosen(LIVE)
  ? fuzzLive({ inputs: Math.ceil(inputs / (chosen.length === 0 ? 1 : LIVE_SHARE)), seed })
  : null;
if (live !== null) process.stdout.write(liveReport(live));
const found = (live?.findings.length ?? 0) + results.flatMap(({ findings }) => findings).length;
const counts = [...results.map((result) => result.inputs), ...Object.values(live?.sent ?? {})];
const tried = counts.reduce((sum, count) => sum + count, 0);
process.stdout.write(`fuzz: ${tried} inputs tried, ${found} findings\n`);
process.exit(found === 0 ? 0 : 1);
