import { readFileSync } from "node:fs";
import { join } from "node:path";

/** One question to a rule: `why` it is asked, what goes in, and what must come out (test/vectors/agent/README.md). */
export type AgentVector<In> = In & { readonly why: string; readonly expect: string };

/** The vectors of one rule. `Head` is what the file says once for all of them. */
export function agentVectors<In, Head = unknown>(
  rule: string,
): Head & { readonly vectors: readonly AgentVector<In>[] } {
  const file = join(import.meta.dirname, "..", "vectors", "agent", `${rule}.json`);
  return JSON.parse(readFileSync(file, "utf8"));
}

/** What a rule says of each vector, in a form whose difference from `expected` names the vectors that it breaks. */
export function said<V extends { readonly why: string; readonly expect: unknown }>(
  vectors: readonly V[],
  rule: (vector: V, index: number) => unknown,
): { readonly found: readonly unknown[]; readonly expected: readonly unknown[] } {
  return {
    found: vectors.map((vector, index) => [vector.why, rule(vector, index)]),
    expected: vectors.map((vector) => [vector.why, vector.expect]),
  };
}
