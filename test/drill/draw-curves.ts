import { readFileSync } from "node:fs";
import { plot } from "../../src/drill/synthetic/plot.ts";

/**
 * Draws the curves of several waves into one picture:
 * `node test/drill/draw-curves.ts TITLE LABEL=report.json ... > docs/pictures/NAME.svg`
 */
interface Report {
  readonly summary: { readonly devices: number };
  readonly devices: readonly { readonly milliseconds: { readonly rescued?: number } }[];
}

const [title, ...curves] = process.argv.slice(2);
const read = (argument: string) => {
  const [label, file] = argument.split("=");
  const { summary, devices } = JSON.parse(readFileSync(file!, "utf8")) as Report;
  const rescuedAt = devices.flatMap(({ milliseconds }) => milliseconds.rescued ?? []).sort((one, other) => one - other);
  return { label: label!, rescuedAt, devices: summary.devices };
};
process.stdout.write(`${plot(curves.map(read), title ?? "devices rescued over time")}\n`);
