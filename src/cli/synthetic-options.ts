import { type Command, InvalidArgumentError } from "commander";
import { parseBandwidth, parseLoads } from "./serve-options.ts";

/** One campaign releases no more recovery passwords than that. */
const MOST = 5000;

/** The options of `drill run` that are about synthetic devices. */
export function withSyntheticOptions(command: Command): Command {
  return command
    .option("--synthetic <N>", "instead: N devices that are all protocol, at once against one real station", parseCount)
    .option("--loads <N>", "with --synthetic: as for serve", parseLoads)
    .option("--bandwidth <MBPS>", "with --synthetic: as for serve", parseBandwidth)
    .option("--line <MBPS>", "with --synthetic: megabits a second of the station's network card", parseBandwidth);
}

function parseCount(text: string): number {
  if (!/^[1-9][0-9]{0,3}$/.test(text) || Number(text) > MOST)
    throw new InvalidArgumentError(`A number from 1 to ${MOST}: one campaign releases no more recovery passwords.`);
  return Number(text);
}
