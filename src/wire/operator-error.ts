/** Documented process exit codes (docs/runbook.md). */
export const ExitCode = {
  done: 0,
  /** The command ran; its answer is no: a drill failed, a ledger is broken, an image differs. */
  negative: 1,
  /** The input or the usage is wrong; nothing was changed. */
  badInput: 2,
  /** Refused by the present state: campaign halted, vault sealed, already armed. */
  refused: 3,
  /** This machine lacks something: a package, a permission, a free port, an interface. */
  environment: 4,
  /** Done, but what it had to say could not be written. */
  unwritten: 5,
  /** A defect in breakglass itself. */
  defect: 70,
} as const;
export type ExitCode = (typeof ExitCode)[keyof typeof ExitCode];

/**
 * Something an operator can act on. `message` says what happened, to which file, row or device, and what was left
 * untouched; `next` says what to do now. Printed without a stack trace.
 */
export class OperatorError extends Error {
  readonly exitCode: ExitCode;
  readonly next: string;

  constructor(message: string, next: string, exitCode: ExitCode = ExitCode.badInput) {
    super(message);
    this.name = "OperatorError";
    this.next = next;
    this.exitCode = exitCode;
  }
}
