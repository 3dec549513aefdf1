import { spawn } from "node:child_process";
import { once } from "node:events";
import { expect, test } from "vitest";
import { watchProcesses } from "../../src/drill/process-watch.ts";

test("what is kept of a process is its command line and what it was given, and nothing of the operator's environment", async () => {
  process.env.BREAKGLASS_TEST_OPERATOR = "a token of the operator";
  try {
    const end = watchProcesses(60_000);
    const env = { ...process.env, GIVEN_BY_THE_DRILL: "1" };
    const child = spawn("sh", ["-c", "echo ready; read -r _", "a-process-of-the-lab"], { env });
    await once(child.stdout, "data");
    const seen = end().split("\n");
    child.kill();
    expect(seen).toContain("environ: GIVEN_BY_THE_DRILL=1");
    expect(seen).toContain("cmdline: sh -c echo ready; read -r _ a-process-of-the-lab");
    expect(seen.join("\n")).not.toContain("a token of the operator");
  } finally {
    delete process.env.BREAKGLASS_TEST_OPERATOR;
  }
});
