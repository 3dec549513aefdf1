import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { AgentShell } from "./busybox.ts";

const shell = new AgentShell();
afterAll(() => shell.remove());

const DRIVERS = "Windows/System32/drivers/CrowdStrike";
let volumes = 0;
const volume = (...folders: string[]): string => {
  volumes += 1;
  const root = join(shell.folder, `volume ${volumes}`);
  for (const folder of ["", ...folders]) mkdirSync(join(root, folder), { recursive: true });
  return root;
};
const resolve = (root: string, path = DRIVERS) =>
  shell.script('resolve_folder "$1" "$2"; printf "%s %s" "$RESOLVE" "$RESOLVED"', root, path).stdout;

describe("a folder of the plan", () => {
  it("is found however the volume spells it", () => {
    const root = volume("WINDOWS/system32/DRIVERS/Crowdstrike");
    expect(resolve(root)).toBe(`found ${root}/WINDOWS/system32/DRIVERS/Crowdstrike`);
  });

  it("is absent if a component is", () => {
    expect(resolve(volume("Windows/System32/drivers"))).toBe("absent ");
    expect(resolve(volume("Windows.old/System32/drivers/CrowdStrike"))).toBe("absent ");
  });

  it("is refused if two components differ only in case", () => {
    expect(resolve(volume(DRIVERS, "WINDOWS"))).toBe("refused ");
    expect(resolve(volume(DRIVERS, "Windows/System32/drivers/CROWDSTRIKE"))).toBe("refused ");
  });

  it("is refused if a component is a symbolic link, wherever that leads", () => {
    const root = volume("Windows/System32/drivers", "elsewhere");
    symlinkSync("../../../elsewhere", join(root, DRIVERS));
    expect(resolve(root)).toBe("refused ");
  });

  it("is refused if a component is a file", () => {
    const root = volume("Windows/System32/drivers");
    writeFileSync(join(root, DRIVERS), "");
    expect(resolve(root)).toBe("refused ");
  });

  it("is refused if a component is an NTFS reparse point", () => {
    const fake = `GETFATTR=fake; fake() { case $5 in *drivers) printf '\\020\\004\\000\\000' ;; *) printf '\\020\\000\\000\\000' ;; esac; }`;
    const out = shell.script(`${fake}; resolve_folder "$1" "$2"; printf %s "$RESOLVE"`, volume(DRIVERS), DRIVERS);
    expect(out.stdout).toBe("refused");
  });
});
