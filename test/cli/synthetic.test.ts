import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { breakglass, REFUSAL } from "./program.ts";
import { temporaryFolder } from "./run.ts";

const drill = (...args: string[]) => breakglass(["drill", "run", ...args], "");

// Each starts the whole program.
describe("a drill with synthetic devices does not start", { timeout: 60_000 }, () => {
  test.each([
    ["with none", ["--synthetic", "0"], /A number from 1 to 5000/],
    ["with more than one campaign releases passwords for", ["--synthetic", "5001"], /A number from 1 to 5000/],
    ["beside crash-test devices", ["--synthetic", "5", "--devices", "2"], /--synthetic is a drill of its own/],
    [
      "on a network that they do not have",
      ["--synthetic", "5", "--network", "relay"],
      /--synthetic is a drill of its own/,
    ],
    ["where only their options are given", ["--loads", "5"], /--loads, --bandwidth and --line go with --synthetic/],
    ["with a queue that lets nobody load", ["--synthetic", "5", "--loads", "0"], /A number from 1 to 99999/],
    ["with a budget that is no number", ["--synthetic", "5", "--bandwidth", "fast"], /Megabits a second/],
  ])("%s", async (_what, args, message) => {
    const { exitCode, stderr } = await drill(...args);
    expect({ exitCode, stderr }).toMatchObject({ exitCode: 2, stderr: expect.stringMatching(message) });
    expect(stderr).toMatch(REFUSAL);
  });

  test("without a recovery image", async () => {
    const { exitCode, stderr } = await drill("--synthetic", "5", "--image", temporaryFolder());
    expect({ exitCode, stderr }).toMatchObject({
      exitCode: 4,
      stderr: expect.stringMatching(/There is no recovery image/),
    });
  });

  test("with more devices than this shell may have files open for, and says how many it may be", () => {
    const image = temporaryFolder();
    const kind = { version: 3, architecture: "x64", driverSet: "fleet", kernelRelease: "6" };
    writeFileSync(join(image, "manifest.json"), JSON.stringify({ ...kind, files: [], packages: [] }));
    const command = join(import.meta.dirname, "../../breakglass");
    const line = `ulimit -n 300; exec "${command}" drill run --synthetic 100 --image "${image}"`;
    const { status, stderr } = spawnSync("sh", ["-c", line], { encoding: "utf8" });
    expect({ status, stderr }).toMatchObject({ status: 4, stderr: expect.stringMatching(/at most 50\./) });
  });
});
