import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { breakglass } from "../cli/program.ts";
import { describeWith } from "./needs.ts";

const UNITS = join(import.meta.dirname, "../../setup/systemd");

describeWith(["systemd-analyze"], "the example units", () => {
  test("are what systemd takes, and leave the service little", () => {
    const folder = mkdtempSync(join(tmpdir(), "breakglass-units-"));
    try {
      const names = readdirSync(UNITS);
      for (const name of names) {
        const text = readFileSync(join(UNITS, name), "utf8");
        // The program is not installed where the unit says.
        writeFileSync(join(folder, name), text.replaceAll("/opt/breakglass/breakglass", "/bin/true"));
      }
      const paths = names.map((name) => join(folder, name));
      const env = { ...process.env, SYSTEMD_LOG_LEVEL: "warning" };
      const verified = spawnSync("systemd-analyze", ["verify", "--man=no", ...paths], { encoding: "utf8", env });
      const about = verified.stderr.split("\n").filter((line) => line.includes("breakglass"));
      expect(about).toEqual([]);
      const service = join(folder, "breakglass-sync.service");
      const checked = spawnSync("systemd-analyze", ["security", "--offline=yes", "--threshold=20", service], {
        encoding: "utf8",
      });
      // Exposure from 0 to 10; the threshold is ten times that.
      expect(checked.status, checked.stdout).toBe(0);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

test("the service's command line is one that the program takes", async () => {
  const text = readFileSync(join(UNITS, "breakglass-sync.service"), "utf8").replaceAll("\\\n", " ");
  const words = /^ExecStart=\/opt\/breakglass\/breakglass (.*)$/m.exec(text)![1]!.split(/ +/);
  const ran = await breakglass(words);
  // As far as the first file that is not here.
  expect(ran.stderr).toMatch(/The certificate \/etc\/breakglass\/ca\.pem cannot be read/);
});
