import type { RawEntry } from "./entry.ts";
import type { Ledger } from "./ledger.ts";
import { StoreError } from "./store-error.ts";

/** Entries that a damaged file does not give: `from` to `to`; `to` is null if nothing after `from` can be read. */
export interface Unreadable {
  readonly from: number;
  readonly to: number | null;
  readonly why: string;
}

const PAGE = 500;

/** A whole ledger in order, some hundred entries at a time; around damage one by one, and on behind it. */
export async function* readThrough(ledger: Ledger): AsyncGenerator<readonly RawEntry[] | Unreadable> {
  for (let after = 0, size = PAGE; ; ) {
    const page = await attempt(ledger, after, size);
    if (!(page instanceof StoreError)) {
      if (page.length === 0) return;
      yield page;
      after = page.at(-1)!.seq;
      size = Math.min(size * 2, PAGE);
    } else if (size > 1) size = Math.max(1, size >> 4);
    else {
      const next = await behind(ledger, after + 1);
      yield { from: after + 1, to: next, why: page.message };
      if (next === null) return;
      after = next;
    }
  }
}

/** The last entry that cannot be read from `bad` on: steps that double, then halves, as a damaged file loses whole pages. */
async function behind(ledger: Ledger, bad: number): Promise<number | null> {
  const readable = async (after: number) => {
    const page = await attempt(ledger, after, 1);
    return !(page instanceof StoreError) && page.length > 0;
  };
  let [low, step] = [bad, 1];
  while (!(await readable(low + step - 1))) {
    if (step > 2 ** 30) return null;
    low += step;
    step *= 2;
  }
  let high = low + step - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (await readable(middle)) high = middle;
    else low = middle + 1;
  }
  return high;
}

async function attempt(ledger: Ledger, after: number, limit: number): Promise<readonly RawEntry[] | StoreError> {
  try {
    return await ledger.readRaw(after, limit);
  } catch (error) {
    if (error instanceof StoreError && error.fault === "damaged") return error;
    throw error;
  }
}
