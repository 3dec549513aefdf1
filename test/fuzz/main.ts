import { parseArgs } from "node:util";
import { report, toVector } from "./report.ts";
import { runTarget, type TargetResult } from "./run-target.ts";
import { TARGETS } from "./targets.ts";
import { watchForHangs } from "./watchdog.ts";

const { values } = parseArgs({
  options: {
    inputs: { type: "string", default: "1000000" },
    seed: { type: "string", default: String(Date.now() % 1_000_000) },
    only: { type: "string", multiple: true },
  },
});
const [inputs, seed] = [Number(values.inputs), Number(values.seed)];
const chosen = TARGETS.filter(({ name }) => values.only === undefined || values.only.includes(name));
if (chosen.length === 0 || !(inputs >= 1) || !Number.isInteger(seed)) {
  process.stderr.write(
    `usage: npm run fuzz -- --inputs N --seed S --only NAME\nnames: ${TARGETS.map(({ name }) => name).join(" ")}\n`,
  );
  process.exit(2);
}

const shares = chosen.reduce((sum, { share }) => sum + share, 0);
const results: TargetResult[] = [];
const onInput = watchForHangs();
process.stdout.write(`fuzz: seed ${seed}, ${inputs} inputs, ${chosen.length} targets\n`);
for (const target of chosen) {
  const result = await runTarget(target, { inputs: Math.ceil((inputs * target.share) / shares), seed, onInput });
  results.push(result);
  process.stdout.write(report(result));
  for (const finding of result.findings) process.stdout.write(toVector(finding));
  await target.close?.();
}
const found = results.flatMap(({ findings }) => findings).length;
const tried = results.reduce((sum, result) => sum + result.inputs, 0);
process.stdout.write(`fuzz: ${tried} inputs tried, ${found} findings\n`);
process.exit(found === 0 ? 0 : 1);
