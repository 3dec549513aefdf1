import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { loadRecipe } from "../../src/image/recipe.ts";

const texts = ["pxe/image/recipe.json", "pxe/device-os/recipe.json"].map((path) => readFileSync(path, "utf8"));
const changed = (change: object) => JSON.stringify({ ...JSON.parse(texts[0]!), ...change });

describe("a recipe", () => {
  test.each(texts)("of breakglass itself is valid and has what BitLocker needs (%#)", (text) => {
    const { modules, programs } = loadRecipe(text);
    // Without dm_zero cryptsetup cannot map the metadata areas.
    expect(modules).toEqual(expect.arrayContaining(["dm_mod", "dm_crypt", "dm_zero", "xts", "ntfs3", "af_packet"]));
    expect(programs).toEqual(expect.arrayContaining(["usr/bin/busybox", "usr/sbin/cryptsetup"]));
  });

  test.each([
    [{ version: 2 }, "version"],
    [{ extra: true }, "extra"],
    [{ packages: ["curl", "-o=x"] }, "packages.1"],
    [{ programs: ["../usr/bin/curl"] }, "programs.0"],
    [{ programs: ["/usr/bin/curl"] }, "programs.0"],
    [{ modules: ["dm-mod"] }, "modules.0"],
    [{ compression: 23 }, "compression"],
    [{ architecture: "arm64" }, "architecture"],
  ])("with %j is refused, naming %s", (change, field) => {
    expect(() => loadRecipe(changed(change))).toThrow(field);
  });

  test("that is not JSON is refused", () => {
    expect(() => loadRecipe("{")).toThrow("recipe is not JSON");
  });
});
