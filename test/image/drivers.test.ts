import { describe, expect, test } from "vitest";
import { driverModules } from "../../src/image/drivers.ts";
import type { ModuleStore } from "../../src/image/modules.ts";

const store = {
  below: (folder: string) => (folder === "kernel/drivers/net/usb/" ? ["r8152", "asix"] : []),
} as unknown as ModuleStore;

describe("a driver set", () => {
  test("is modules, folders of modules and exceptions, one in a line", () => {
    expect(driverModules("# disks\nnvme\n\nkernel/drivers/net/usb/ # docks\n- asix\n", store)).toEqual([
      "nvme",
      "r8152",
    ]);
  });

  test.each([
    ["nvme\nnvme core\n", 2],
    ["nvme-core\n", 1],
    ["kernel/none/\n", 1],
    ["- nvme\n", 1],
    ["../x/\n", 1],
  ])("with %j is refused at line %i", (text, line) => {
    expect(() => driverModules(text, store)).toThrow(expect.objectContaining({ offset: line }));
  });
});
