import { describe, expect, test } from "vitest";
import { driverModules } from "../../src/image/drivers.ts";
import type { ModuleStore } from "../../src/image/modules.ts";

const store = {
  below: (folder: string) => (folder === "kernel/drivers/net/usb/" ? ["r8152", "asix"] : []),
} as unknown as ModuleStore;

describe("a driver set", () => {
  test("is modules, folders of modules and exceptions, one in a line", () => {
    expect(driverModules("# disks\nnvme\n\nkernel/drivers/net/usb/ # docks\n- asix\n", "x64", store)).toEqual([
      "nvme",
      "r8152",
    ]);
  });

  test("has lines for one architecture alone, modules, folders and exceptions alike", () => {
    const text = "nvme\nx64 vmd\narm64 kernel/drivers/net/usb/\narm64 - nvme\n";
    expect(driverModules(text, "x64", store)).toEqual(["nvme", "vmd"]);
    expect(driverModules(text, "arm64", store)).toEqual(["r8152", "asix"]);
  });

  test.each([
    ["nvme\nnvme core\n", 2],
    ["nvme-core\n", 1],
    ["kernel/none/\n", 1],
    ["- nvme\n", 1],
    ["../x/\n", 1],
    ["nvme\nx86 vmd\n", 2],
    ["x64 arm64 vmd\n", 1],
  ])("with %j is refused at line %i", (text, line) => {
    expect(() => driverModules(text, "x64", store)).toThrow(expect.objectContaining({ offset: line }));
  });
});
