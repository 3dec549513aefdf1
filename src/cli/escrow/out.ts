import type { Command } from "commander";
import { registerRelease } from "./release.ts";
import { registerRotation } from "./rotation.ts";

/** The verbs of `breakglass escrow` about what leaves the vault, and what has to be done about it. */
export function registerOut(escrow: Command): void {
  registerRelease(escrow);
  registerRotation(escrow);
}
