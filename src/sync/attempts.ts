import { SyncFailure } from "./sync-failure.ts";

interface Attempts {
  /** Milliseconds to wait before each further round over all servers; as many rounds as it has entries, and one. */
  readonly delays: readonly number[];
  readonly wait: (milliseconds: number) => Promise<void>;
  /** Told of each failure that is not the last word. */
  readonly onFailure?: (failure: SyncFailure) => void;
}

/**
 * What `attempt` gives for the first server that works, asked in order, then all over again after a while. A failure
 * that another server cannot make good (a wrong password) ends it at once; one that a while cannot make good (a
 * certificate) is not waited for. Throws the SyncFailure of the one server there is, or one that tells them all.
 */
export async function firstThatWorks<S, T>(
  servers: readonly S[],
  attempt: (server: S) => Promise<T>,
  { delays, wait, onFailure }: Attempts,
): Promise<T> {
  for (let round = 0; ; round++) {
    const failures: SyncFailure[] = [];
    for (const server of servers) {
      try {
        return await attempt(server);
      } catch (error) {
        if (!(error instanceof SyncFailure) || error.again === "never") throw error;
        failures.push(error);
      }
    }
    const delay = failures.some(({ again }) => again === "later") ? delays[round] : undefined;
    if (delay === undefined) throw together(failures);
    for (const failure of failures) onFailure?.(failure);
    await wait(delay);
  }
}

function together(failures: readonly SyncFailure[]): SyncFailure {
  const [first] = failures as [SyncFailure, ...SyncFailure[]];
  if (failures.length === 1) return first;
  // What a person has to look at comes before what may have passed by tomorrow.
  const gravest = failures.find(({ again }) => again === "elsewhere") ?? first;
  const all = failures.map(({ message }) => message).join(" ");
  return new SyncFailure(gravest.reason, `None of ${failures.length} servers worked. ${all}`, gravest.next);
}
