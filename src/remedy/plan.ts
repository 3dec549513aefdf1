import type { NameGrammar } from "./name.ts";
import { remedySha256 } from "./remedy.ts";
import { isoSeconds, type Remedy, type Removal } from "./schema.ts";

/**
 * Where removed files are kept, relative to the volume's root: `<this>/<campaign>/<session>/`. Below Windows because an
 * ordinary user may create folders in the root of C: and could put a junction in our way there.
 */
export const QUARANTINE_FOLDER = "Windows/Breakglass-Quarantine";

/** A remedy as the agent gets it: nothing left to interpret. Times in seconds since 1970 UTC. */
export interface Plan {
  readonly remedy: string;
  readonly remedySha256: string;
  readonly campaign: string;
  readonly quarantineFolder: string;
  /** What to do with a volume that holds a hibernated Windows session. */
  readonly hibernated: "stop" | "discard";
  readonly removals: readonly PlannedRemoval[];
}

export interface PlannedRemoval {
  readonly folder: string;
  readonly name: NameGrammar;
  /** The file's first bytes, lower-case hex without spaces. */
  readonly header: string;
  /** A file is bad if notBefore <= mtime < before. */
  readonly notBefore: number;
  readonly before: number;
  readonly maxFiles: number;
  readonly action: "quarantine" | "delete";
}

export function compileRemedy(
  remedy: Remedy,
  options: { readonly campaign: string; readonly hibernated: "stop" | "discard" },
): Plan {
  return {
    remedy: remedy.id,
    remedySha256: remedySha256(remedy),
    campaign: options.campaign,
    quarantineFolder: QUARANTINE_FOLDER,
    hibernated: options.hibernated,
    removals: remedy.remove.map(compileRemoval),
  };
}

export function compileRemoval(removal: Removal): PlannedRemoval {
  return {
    folder: removal.folder,
    name: removal.name,
    header: removal.header.replaceAll(" ", ""),
    notBefore: isoSeconds(removal.bad.from)!,
    before: isoSeconds(removal.bad.until)!,
    maxFiles: removal.maxFiles,
    action: removal.action,
  };
}
