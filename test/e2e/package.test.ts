import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { makeRelease, programsWithoutNode, root } from "../interop/release.ts";
import { buildImage } from "./run-drill.ts";

const folder = mkdtempSync(join(tmpdir(), "breakglass-package-"));
const env = { PATH: join(folder, "bin") };
afterAll(() => rmSync(folder, { recursive: true }));

describe("the single executable on a machine without Node", () => {
  beforeAll(() => {
    buildImage();
    makeRelease(join(folder, "release"));
    programsWithoutNode(env.PATH);
  });

  test("runs a drill of a device without BitLocker, all its processes included", () => {
    expect(spawnSync("node", { env }).error).toMatchObject({ code: "ENOENT" });
    const args = ["drill", "run", "--scenario", "plain", "--report", join(folder, "report")];
    const ran = spawnSync(join(folder, "release", "breakglass"), args, { cwd: root, env, encoding: "utf8" });
    expect(ran.stdout.trimEnd().split("\n").at(-1), ran.stdout + ran.stderr).toMatch(/^drill passed: 1 of 1 devices/);
    expect(ran.status).toBe(0);
    const report = JSON.parse(readFileSync(join(folder, "report", "report.json"), "utf8"));
    const [{ devices, checks }] = report.scenarios;
    expect(devices).toMatchObject([{ outcome: "rescued", keyProtectorIdsReleased: [] }]);
    expect(checks.filter(({ id }: { id: string }) => id === "disk-change")).toMatchObject([{ passed: true }]);
  });
});
