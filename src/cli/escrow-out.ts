import type { Command } from "commander";
import { registerRelease } from "./escrow-release.ts";
import { registerRotation } from "./escrow-rotation.ts";

/** The verbs of `breakglass escrow` about what leaves the vault, and what has to be done about it. */
export function registerOut(escrow: Command): void {
  registerRelease(escrow);
  registerRotation(escrow);
}
