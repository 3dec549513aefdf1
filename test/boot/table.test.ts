import { expect, it } from "vitest";
import { BOOT_TABLE, missingFor } from "../../src/boot/table.ts";
import { ARCHITECTURE_NAMES } from "../../src/dhcp/registry.ts";

const X64 = { kind: "linux", architecture: "x64" } as const;
const ARM64 = { kind: "linux", architecture: "arm64" } as const;

it("an image lacks what any of its rows loads, and nothing of other images' rows", () => {
  const x64 = ["shimx64.efi", "undionly.kpxe", "vmlinuz", "initrd"];
  expect(missingFor(X64, new Set(x64))).toEqual([]);
  for (const name of x64) expect(missingFor(X64, new Set(x64.filter((each) => each !== name)))).toEqual([name]);
  expect(missingFor(ARM64, new Set(x64))).toEqual(["shimaa64.efi"]);
});

it("firmware without a loader has a name", () => {
  for (const [architecture, { boots }] of BOOT_TABLE)
    if (boots === null) expect(ARCHITECTURE_NAMES.has(architecture), `${architecture}`).toBe(true);
});
