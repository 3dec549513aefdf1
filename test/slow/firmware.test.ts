import { beforeAll, describe, expect, test } from "vitest";
import { FIRMWARES } from "../../src/drill/lab/firmware.ts";
import { NETWORKS } from "../../src/drill/lab/lan.ts";
import { buildImage, type Drilled, deviations, drillEach } from "../e2e/run-drill.ts";

/** The crash loop, the rescue and five healthy boots on every firmware; the short rescue on every network. */
const RUNS = [
  ...FIRMWARES.map(({ name }) => ["--scenario", "happy", "--firmware", name]),
  ...NETWORKS.map(({ name }) => ["--scenario", "locked", "--network", name]),
];

describe("the whole drill, on every firmware and on every network", () => {
  let drilled: ReadonlyMap<string, Drilled | Error>;
  beforeAll(async () => {
    buildImage();
    buildImage("arm64");
    drilled = await drillEach(RUNS);
  }, 3_600_000);

  test.each(RUNS.map((args) => args.join(" ")))("drill run %s", (args) => {
    const one = drilled.get(args)!;
    if (one instanceof Error) throw one;
    expect(deviations(one)).toEqual([]);
    expect(one.exitCode).toBe(0);
  });
});
