import { expect, it } from "vitest";
import { fuzzLive } from "../fuzz/live.ts";

it("T12 T13 T16 a whole station stands a flood of mutations on all its sockets, and boots an honest device in between", () => {
  const { findings, honest, sent, before, last } = fuzzLive({ inputs: 20_000, seed: 291 });
  expect(findings).toEqual([]);
  expect(honest).toBeGreaterThan(2);
  for (const count of Object.values(sent)) expect(count).toBeGreaterThan(100);
  expect(last!.files).toBeLessThanOrEqual(before!.files + 20);
  expect(last!.counters.dhcp!.malformed).toBeGreaterThan(1000);
  expect(last!.counters.tftp!.malformed).toBeGreaterThan(500);
});
