import type { Command } from "commander";
import { registerRelease } from "./escrow-release.ts";

/** The verbs of `breakglass escrow` about what leaves the vault. */
export function registerOut(escrow: Command): void {
  registerRelease(escrow);
}
