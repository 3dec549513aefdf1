import { InvalidArgumentError } from "commander";

/** The minutes of `--seal-after`. */
export function parseMinutes(text: string): number {
  if (!/^[0-9]{1,4}$/.test(text)) throw new InvalidArgumentError("Minutes, such as 60; 0 for never.");
  return Number(text);
}
