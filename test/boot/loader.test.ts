import { describe, expect, it } from "vitest";
import type { BootClient } from "../../src/boot/client.ts";
import { bootFile } from "../../src/boot/loader.ts";
import { autoexecScript, grubScript, ipxeScript } from "../../src/boot/script.ts";
import { BOOT_TABLE } from "../../src/boot/table.ts";
import { parseIpv4 } from "../../src/wire/ipv4.ts";
import { parseMac } from "../../src/wire/mac.ts";

const source = { address: parseIpv4("10.99.0.2"), httpPort: 80 };

function asking(architecture: number, program: BootClient["program"] = "firmware"): BootClient {
  const { firmware, over, boots } = BOOT_TABLE.get(architecture)!;
  const device = parseMac("52:54:00:00:00:01");
  return { ours: true, device, uuid: null, architecture, firmware, over, ...boots!, asks: "discover", program };
}

describe("the file a client is told to fetch", () => {
  it("is shim by name over PXE and by URL over HTTP, so that Secure Boot stays on", () => {
    expect(bootFile(asking(7), source, "shim")).toBe("shimx64.efi");
    expect(bootFile(asking(11), source, "shim")).toBe("shimaa64.efi");
    expect(bootFile(asking(16), source, "shim")).toBe("http://10.99.0.2/shimx64.efi");
    expect(bootFile(asking(19), { ...source, httpPort: 8080 }, "shim")).toBe("http://10.99.0.2:8080/shimaa64.efi");
  });

  it("is iPXE for a BIOS, and for UEFI x64 where the operator says so; arm64 keeps its shim", () => {
    expect(bootFile(asking(0), source, "shim")).toBe("undionly.kpxe");
    expect(bootFile(asking(0), source, "own-ipxe")).toBe("undionly.kpxe");
    expect(bootFile(asking(7), source, "ipxe")).toBe("snponly.efi");
    expect(bootFile(asking(16), source, "own-ipxe")).toBe("http://10.99.0.2/ipxe-shimx64.efi");
    expect(bootFile(asking(11), source, "ipxe")).toBe("shimaa64.efi");
  });

  it("is the script for iPXE itself, whatever firmware it runs on: else it would load itself for ever", () => {
    for (const architecture of [0, 7, 9, 11])
      for (const loader of ["shim", "ipxe", "own-ipxe"] as const)
        expect(bootFile(asking(architecture, "ipxe"), source, loader)).toBe("http://10.99.0.2/boot.ipxe");
  });
});

describe("a boot script", () => {
  const scripts = [grubScript(source, "x64"), grubScript(source, "arm64"), ipxeScript(source, "x64")];

  it("loads kernel, initrd and session from the station that wrote it, and from nowhere else", () => {
    for (const script of scripts) {
      expect(new Set(script.match(/[0-9]+(\.[0-9]+){3}/g))).toEqual(new Set([source.address]));
      for (const name of ["vmlinuz", "initrd", "session.cpio"]) expect(script).toContain(`/${name}`);
    }
    expect(autoexecScript(source)).toContain("chain http://10.99.0.2/boot.ipxe");
  });

  it("names the serial console of its architecture", () => {
    expect(grubScript(source, "x64")).toContain("console=ttyS0");
    expect(grubScript(source, "arm64")).toContain("console=ttyAMA0");
  });

  it("says that nothing was changed where a file does not load, and lets the firmware go on", () => {
    for (const script of scripts) expect(script).toMatch(/Nothing was changed on this device[\s\S]*\nexit\n$/);
  });
});
