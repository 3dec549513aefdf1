import type { Command } from "commander";

/** A verb as its family's help lists it. What it takes and does is loaded only when it is asked for. */
export interface Verb {
  readonly name: string;
  readonly description: string;
  /** The verbs of a family. */
  readonly verbs?: readonly Verb[];
  /** Gives what adds a single verb's options and action to its command. */
  readonly load?: () => Promise<(command: Command) => void>;
  /** It takes no `--state`. */
  readonly stateless?: boolean;
  /** For breakglass itself, not for people. */
  readonly hidden?: boolean;
}
