import { lstatSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeEach, expect, it } from "vitest";
import { createDiskFile } from "../../src/drill/disk/file.ts";
import { copyToPrivateFile } from "../../src/drill/report/private-file.ts";
import { writeOwnFile } from "../../src/image/own-file.ts";

const folder = mkdtempSync(join(tmpdir(), "breakglass-own-"));
const somebodys = join(folder, "somebody's");
const ours = join(folder, "ours");

beforeEach(() => {
  rmSync(ours, { force: true });
  writeFileSync(somebodys, "as it was");
  symlinkSync(somebodys, ours);
});
afterAll(() => rmSync(folder, { recursive: true }));

it.each<[string, (from: string) => void]>([
  ["a file that is written", () => writeOwnFile(ours, "new")],
  ["a file that is copied", (from) => copyToPrivateFile(from, ours)],
  ["a disk image", () => createDiskFile(ours, 3).close()],
])("%s takes the place of a link, and what the link led to stays as it was", (_, write) => {
  const from = join(folder, "from");
  writeFileSync(from, "new");
  write(from);
  expect(readFileSync(somebodys, "utf8")).toBe("as it was");
  expect([lstatSync(ours).isFile(), lstatSync(ours).size]).toEqual([true, 3]);
});

it("writes with the mode that it is told, whatever file was there", () => {
  writeOwnFile(ours, "secret", 0o600);
  expect(statSync(ours).mode & 0o777).toBe(0o600);
});
