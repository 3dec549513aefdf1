import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { loadRecipe } from "../../src/image/recipe.ts";

const read = (path: string) => readFileSync(path, "utf8");
const image = read("pxe/image/recipe.json");
const recipes = {
  x64: [image, read("pxe/image/recipe-x64.json")],
  arm64: [image, read("pxe/image/recipe-arm64.json")],
  "device-os-x64": [read("pxe/device-os/recipe.json"), read("pxe/device-os/recipe-x64.json")],
  "device-os-arm64": [read("pxe/device-os/recipe.json"), read("pxe/device-os/recipe-arm64.json")],
};
const changed = (change: object) => JSON.stringify({ ...loadRecipe(...recipes["device-os-x64"]), ...change });

describe("a recipe", () => {
  test.each(Object.keys(recipes) as (keyof typeof recipes)[])(
    "of breakglass itself (%s) is valid and has what BitLocker needs",
    (name) => {
      const { modules, programs } = loadRecipe(...recipes[name]);
      // Without dm_zero cryptsetup cannot map the metadata areas.
      expect(modules).toEqual(expect.arrayContaining(["dm_mod", "dm_crypt", "dm_zero", "xts", "ntfs3", "af_packet"]));
      expect(programs).toEqual(expect.arrayContaining(["usr/bin/busybox", "usr/sbin/cryptsetup"]));
    },
  );

  test.each([
    [{ version: 2 }, "version"],
    [{ ipxe: { uefi: "usr/lib/ipxe/snponly.efi" } }, "ipxe.bios"],
    [{ ipxe: { uefi: "usr/lib/x.efi", bios: "usr/lib/x.kpxe", more: "usr/lib/x" } }, "ipxe"],
    [{ extra: true }, "extra"],
    [{ packages: ["curl", "-o=x"] }, "packages.1"],
    [{ programs: ["../usr/bin/curl"] }, "programs.0"],
    [{ programs: ["/usr/bin/curl"] }, "programs.0"],
    [{ modules: ["dm-mod"] }, "modules.0"],
    [{ compression: 23 }, "compression"],
    [{ architecture: "armhf" }, "architecture"],
  ])("with %j is refused, naming %s", (change, field) => {
    expect(() => loadRecipe(changed(change))).toThrow(field);
  });

  test("that is not JSON, or no object, is refused", () => {
    expect(() => loadRecipe("{")).toThrow("recipe is not JSON");
    expect(() => loadRecipe("[]")).toThrow("recipe is not a JSON object");
  });

  test("in two parts joins their lists, and says nothing else twice", () => {
    const { packages } = loadRecipe(changed({}));
    expect(loadRecipe(changed({}), '{"packages":["ipxe"]}').packages).toEqual([...packages, "ipxe"]);
    expect(() => loadRecipe(changed({}), '{"architecture":"arm64"}')).toThrow("architecture: in two parts");
  });

  test("gives iPXE to x64 alone: only there are firmwares without Secure Boot worth a loader of their own", () => {
    expect(loadRecipe(...recipes.x64).ipxe).toEqual({
      uefi: "usr/lib/ipxe/snponly.efi",
      bios: "usr/lib/ipxe/undionly.kpxe",
    });
    expect(loadRecipe(...recipes.arm64).ipxe).toBeUndefined();
  });
});
