import fc from "fast-check";
import { expect, test } from "vitest";
import { bootFileName } from "../../src/tftp/name.ts";

test("the names firmware, shim and GRUB ask for are looked up as they stand, less one leading slash", () => {
  const names = [
    "shimx64.efi",
    "revocations_sku.efi",
    "grub/x86_64-efi/command.lst",
    "grub/grub.cfg-01-52-54-00-12-34-56",
  ];
  for (const name of names) {
    expect(bootFileName(name)).toEqual({ name });
    expect(bootFileName(`/${name}`)).toEqual({ name });
  }
});

test("no name that is looked up can leave its folder, whatever is asked for", () => {
  const part = fc.constantFrom("..", ".", "/", "\\", "grub", "%2e", "\0", ":", "a", "\x7f", "é", " ", "~", "*");
  fc.assert(
    fc.property(fc.array(part, { maxLength: 8 }), (parts) => {
      const found = bootFileName(parts.join(""));
      if (!("name" in found)) return;
      expect(found.name).toMatch(/^[A-Za-z0-9_+./-]+$/);
      for (const segment of found.name.split("/")) expect(["", ".", ".."]).not.toContain(segment);
    }),
    { numRuns: 2000 },
  );
});
