import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { bootFileName, servedName } from "../../src/tftp/name.ts";
import { encodeTftp } from "../../src/tftp/packet.ts";
import { readRequest } from "../../src/tftp/request.ts";

const SERVED = [
  "shimx64.efi",
  "grub/grub.cfg",
  "Boot/BCD",
  "Boot/boot.sdi",
  "Boot/Fonts/wgl4_boot.ttf",
  "EFI/Microsoft/Boot/boot.stl",
  "sources/boot.wim",
];

/** What a device gets that asks for this. */
function find(asked: string): string | null {
  const request = readRequest(encodeTftp({ opcode: "RRQ", filename: asked, mode: "octet", options: [] }));
  return "refused" in request ? null : servedName(request.name, SERVED);
}

describe("a name that is asked for", () => {
  it("is looked up as it stands, less leading slashes, as firmware, shim and GRUB ask", () => {
    const names = [
      "shimx64.efi",
      "revocations_sku.efi",
      "grub/x86_64-efi/command.lst",
      "grub/grub.cfg-01-52-54-00-12-34-56",
    ];
    for (const name of names) {
      expect(bootFileName(name)).toEqual({ name });
      for (const slashes of ["/", "//", "///"]) expect(bootFileName(`${slashes}${name}`)).toEqual({ name });
    }
  });

  it("ends before the end mark of the options, which ROMs take for a part of it", () => {
    expect(bootFileName("shimx64.efi\xff")).toEqual({ name: "shimx64.efi" });
    expect(bootFileName("shimx64\xff.efi")).toEqual({ refused: "traversal" });
  });

  it("may have backslashes, a leading one and any case, as Windows' boot manager asks", () => {
    for (const asked of ["\\Boot\\BCD", "/boot/bcd", "boot\\bcd", "/boot\\BCD", "\\BOOT/Bcd"])
      expect(find(asked)).toBe("Boot/BCD");
    expect(find("Boot\\Fonts\\wgl4_boot.ttf")).toBe("Boot/Fonts/wgl4_boot.ttf");
    expect(find("\\boot\\fonts\\WGL4_BOOT.TTF")).toBe("Boot/Fonts/wgl4_boot.ttf");
    expect(find("\\efi\\microsoft\\boot\\boot.stl")).toBe("EFI/Microsoft/Boot/boot.stl");
  });

  it("means the file of just that name before any that differs in case, and none where two of those differ", () => {
    const twins = ["Boot/bcd", "boot/BCD", "boot/bcd"];
    for (const name of twins) expect(servedName(name, twins)).toBe(name);
    expect(servedName("BOOT/BCD", twins)).toBeNull();
  });

  it("T12 is never a way out of the namespace, with backslashes or slashes", () => {
    const ways = [
      "..\\Boot\\BCD",
      "Boot\\..\\BCD",
      "\\\\station\\Boot\\BCD",
      "\\/Boot/BCD",
      "/\\Boot/BCD",
      "//\\Boot/BCD",
      "//../Boot/BCD",
      "Boot\\\\BCD",
    ];
    const dos = ["C:\\Boot\\BCD", "\\\\.\\PhysicalDrive0", "\\\\?\\C:\\Boot\\BCD", "Boot\\BCD::$DATA", "Boot\\.\\BCD"];
    for (const asked of [...ways, ...dos]) expect(bootFileName(asked), asked).toEqual({ refused: "traversal" });
  });

  it("T12 of any bytes at all finds a name of the manifest or nothing", () => {
    const part = fc.constantFrom(
      "..",
      ".",
      "/",
      "\\",
      "Boot",
      "bcd",
      "grub",
      "%2e",
      ":",
      "\x7f",
      "é",
      " ",
      "~",
      "*",
      "CON",
    );
    const bytes = fc.array(fc.integer({ min: 1, max: 255 }), { maxLength: 30 });
    const name = fc.oneof(
      fc.array(part, { maxLength: 8 }).map((parts) => parts.join("")),
      fc
        .array(fc.oneof(part, fc.constantFrom("BCD", "boot.sdi", "Fonts", "wgl4_boot.ttf")), { maxLength: 8 })
        .map((parts) => parts.join("\\")),
      bytes.map((codes) => String.fromCharCode(...codes)),
    );
    fc.assert(
      fc.property(name, (asked) => {
        const found = find(asked);
        if (found !== null) {
          expect(SERVED).toContain(found);
          expect(asked.replace(/^\/+/, "/").replaceAll("\\", "/").replace(/^\//, "").toLowerCase()).toBe(
            found.toLowerCase(),
          );
        }
        const looked = bootFileName(asked);
        if (!("name" in looked)) return;
        expect(looked.name).toMatch(/^[A-Za-z0-9_+./-]+$/);
        for (const segment of looked.name.split("/")) expect(["", ".", ".."]).not.toContain(segment);
      }),
      { numRuns: 3000 },
    );
  });
});
