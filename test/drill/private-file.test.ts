import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { keepArtifacts } from "../../src/drill/evidence.ts";
import { makePrivateFolder, writePrivateFile } from "../../src/drill/report/private-file.ts";

const mode = (path: string) => (statSync(path).mode & 0o777).toString(8);

describe.each([0o000, 0o022, 0o277])("with umask %o, in a report folder", (umask) => {
  let folder: string;
  let before: number;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "breakglass-report-"));
    before = process.umask(umask);
  });
  afterEach(() => {
    process.umask(before);
    rmSync(folder, { recursive: true });
  });

  test("what the drill makes is its owner's alone", () => {
    const report = join(folder, "report");
    makePrivateFolder(report);
    writePrivateFile(join(report, "report.json"), "{}");
    expect(mode(report)).toBe("700");
    expect(mode(join(report, "report.json"))).toBe("600");
  });

  test("a file that others could read is replaced by one that they cannot", () => {
    const file = join(folder, "report.json");
    writeFileSync(file, "an earlier drill's");
    chmodSync(file, 0o644);
    writePrivateFile(file, "this drill's");
    expect([readFileSync(file, "utf8"), mode(file)]).toEqual(["this drill's", "600"]);
  });

  test("evidence is kept for its owner alone, whatever the mode of the file it is a copy of", async () => {
    const log = join(folder, "station.log");
    writeFileSync(log, "a line\n");
    chmodSync(log, 0o666);
    const kept = await keepArtifacts([log, join(folder, "never-written.log")], join(folder, "happy"));
    expect(kept).toMatchObject([{ file: "happy/station.log", bytes: 7 }]);
    expect(readdirSync(join(folder, "happy"))).toEqual(["station.log"]);
    expect([mode(join(folder, "happy")), mode(join(folder, "happy", "station.log"))]).toEqual(["700", "600"]);
  });

  test("a folder that was there before keeps its mode: it may be anybody's", () => {
    const shared = join(folder, "shared");
    mkdirSync(shared);
    chmodSync(shared, 0o755);
    makePrivateFolder(shared);
    expect(mode(shared)).toBe("755");
  });
});
