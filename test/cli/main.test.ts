import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { breakglass, REFUSAL } from "./program.ts";
import { temporaryFolder } from "./run.ts";

const PASSWORD = "461109-608201-413820-485342-181588-463056-430617-501391";

describe.concurrent("wrong usage", () => {
  test.each([
    ["an unknown verb", ["campaign", "halty"], /Unknown command 'halty' \(Did you mean halt\?\)/],
    ["an unknown option", ["remedy", "list", "--nonsense"], /Unknown option '--nonsense'/],
    ["a missing argument", ["escrow", "import"], /Missing required argument 'path'/],
    [
      "a value that is none of the choices",
      ["campaign", "arm", "--remedy", "x", "--unknown", "x"],
      /confirm, auto, hold/,
    ],
  ])("%s exits 2 with what is wrong and where help is", async (_what, args, message) => {
    const { stdout, stderr, exitCode } = await breakglass(args);
    expect({ stdout, exitCode }).toEqual({ stdout: "", exitCode: 2 });
    expect(stderr).toMatch(REFUSAL);
    expect(stderr).toMatch(message);
  });

  test("never repeats a recovery password that was typed in the wrong place", async () => {
    const { stderr, exitCode } = await breakglass(["campaign", "confirm", ...PASSWORD.split("-")]);
    expect(exitCode).toBe(2);
    expect(stderr).not.toMatch(/\d{6}/);
  });
});

test("--help tells the exit codes, in 80 columns, and exits 0", async () => {
  const { stdout, exitCode } = await breakglass(["--help"]);
  expect(exitCode).toBe(0);
  for (const code of [0, 1, 2, 3, 4, 70]) expect(stdout).toMatch(new RegExp(`^  ${code} +\\w`, "m"));
  expect(stdout.split("\n").filter((line) => line.length > 80)).toEqual([]);
});

test("a remedy file that is none is refused by its name, with exit code 2", async () => {
  const file = join(temporaryFolder(), "remedy.json");
  writeFileSync(file, '{"breakglassRemedy":1}');
  const { stderr, exitCode } = await breakglass(["remedy", "check", file]);
  expect(exitCode).toBe(2);
  expect(stderr).toMatch(REFUSAL);
  expect(stderr).toContain(`${file} is not a remedy: `);
});
