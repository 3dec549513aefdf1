import { isSea } from "node:sea";

/** How this program is started again: the executable itself, or Node with the same script. */
export function selfCommand(): readonly string[] {
  return isSea() ? [process.execPath] : [process.execPath, ...process.execArgv, process.argv[1]!];
}
