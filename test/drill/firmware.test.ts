import { describe, expect, test } from "vitest";
import { BOOT_TABLE } from "../../src/boot/table.ts";
import { checkFirmware, FIRMWARES, findFirmware, freshFlash } from "../../src/drill/lab/firmware.ts";
import { findNetwork, NETWORKS } from "../../src/drill/lab/lan.ts";
import { OperatorError } from "../../src/wire/operator-error.ts";

/** What an operator reads when the call is refused. */
function refusal(call: () => void): string {
  try {
    call();
  } catch (error) {
    if (error instanceof OperatorError) return `${error.message} ${error.next}`;
  }
  throw new Error("it was not refused");
}

describe("the kinds of firmware of the lab", () => {
  test("each ask for their boot in a way that the station's table has something for, of their own architecture", () => {
    for (const { name, asksAs, architecture } of FIRMWARES) {
      const images = [...BOOT_TABLE.values()]
        .filter((row) => row.firmware === asksAs)
        .map((row) => row.boots?.image.architecture);
      expect(images.length, name).toBeGreaterThan(0);
      expect(new Set(images), name).toEqual(new Set([architecture]));
    }
  });

  test("have names of their own, and an unknown one is answered with all of them", () => {
    expect(new Set(FIRMWARES.map(({ name }) => name)).size).toBe(FIRMWARES.length);
    for (const { name } of FIRMWARES) expect(refusal(() => findFirmware("coreboot"))).toContain(name);
  });

  test("name the package of a file that this machine lacks, and start nothing", () => {
    const [usual] = FIRMWARES;
    const lacking = {
      ...usual!,
      needs: [{ debianPackage: "ipxe-qemu", anyOf: ["/nowhere/pxe.rom", "no-such-program"] }],
    };
    expect(refusal(() => checkFirmware(lacking))).toMatch(/Nothing was started.*package ipxe-qemu/);
    const places = [{ code: "/nowhere/code.fd", variables: "/nowhere/variables.fd" }];
    const flashless = { ...usual!, needs: [], flash: { debianPackage: "ovmf", places } };
    expect(refusal(() => checkFirmware(flashless))).toContain("package ovmf");
  });

  test("that the emulator brings itself have no flash of their own", () => {
    expect(freshFlash({ ...FIRMWARES[0]!, flash: null }, "/nowhere/variables.fd")).toEqual([]);
  });
});

describe("the networks of the lab", () => {
  test("have names of their own, and an unknown one is answered with all of them", () => {
    expect(new Set(NETWORKS.map(({ name }) => name)).size).toBe(NETWORKS.length);
    for (const { name } of NETWORKS) expect(refusal(() => findNetwork("wireless"))).toContain(name);
  });
});
