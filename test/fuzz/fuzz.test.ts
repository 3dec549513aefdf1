import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { readVectors } from "../vector-file.ts";
import { runTarget, tryInput } from "./run-target.ts";
import { root } from "./seeds.ts";
import { TARGETS } from "./targets.ts";

afterAll(async () => {
  for (const target of TARGETS) await target.close?.();
});

/** Of a million: seconds. */
const SLICE = 30_000;

describe("a mutated input", () => {
  it.each(TARGETS)("of $name is read, or refused as malformed, and keeps the laws", async (target) => {
    const inputs = Math.ceil((SLICE * target.share) / 1_000_000);
    const { findings, accepted } = await runTarget(target, { inputs, seed: 291 });
    expect(
      findings.map(({ input, error }) => ({ error: String(error), input: Buffer.from(input).toString("hex") })),
    ).toEqual([]);
    expect(accepted).toBeGreaterThan(0);
  });

  it("is made the same way each time", async () => {
    const target = TARGETS.find(({ name }) => name === "mac")!;
    const seen = async () => {
      const inputs: string[] = [];
      await runTarget(target, {
        inputs: 50,
        seed: 1,
        onInput: (_, input) => inputs.push(Buffer.from(input).toString("hex")),
      });
      return inputs;
    };
    expect(await seen()).toEqual(await seen());
    expect(new Set(await seen()).size).toBeGreaterThan(30);
  });

  it("that breaks a law is found", async () => {
    const naive = {
      name: "naive",
      share: 1,
      seeds: [Uint8Array.of(1, 2)],
      run: (input: Uint8Array) => input.at(1)!.toFixed(),
    };
    const { findings } = await runTarget(naive, { inputs: 200, seed: 1 });
    expect(findings.length).toBeGreaterThan(0);
  });
});

/** Inputs that once brought something down: each was written here before it was mended. */
const corpus = join(root, "test", "vectors", "fuzz");
const known = existsSync(corpus) ? readdirSync(corpus) : [];

describe("an input that was a finding once", () => {
  it.each(known.flatMap((name) => readVectors(join("fuzz", name)).map((vector) => ({ target: name, ...vector }))))(
    "$target $name is none any more: $why",
    async ({ target: name, bytes, expect: expected }) => {
      const target = TARGETS.find((each) => each.name === name)!;
      expect(await tryInput(target, bytes)).toContain(expected);
    },
  );
});
