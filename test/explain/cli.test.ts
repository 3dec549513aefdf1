import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { run, temporaryFolder } from "../cli/run.ts";

const captures = join(import.meta.dirname, "..", "captures");
const capture = (name: string) => join(captures, `${name}.pcap`);

describe("breakglass explain", () => {
  it("ends with 0 where nothing is wrong, and draws the boot", async () => {
    const { stdout, exitCode } = await run("explain", capture("healthy-uefi-x64-pxe"));
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/shimx64\.efi: 1,036,152 bytes/);
    expect(stdout).toMatch(/Nothing wrong found\.\n$/);
  });

  it("ends with 1 where something is, and says what happened, what proves it, and what to do", async () => {
    const { stdout, exitCode } = await run("explain", capture("4011-unanswered"));
    expect(exitCode).toBe(1);
    expect(stdout).toMatch(/! 4011-unanswered: The device asked 10\.99\.0\.2 .*\(frames \d+-\d+\)/);
    expect(stdout).toMatch(/do: Is the station still running/);
  });

  it("gives the same as data", async () => {
    const { stdout, exitCode } = await run("explain", capture("transfer-stalled"), "--json");
    expect(exitCode).toBe(1);
    const { devices, damage, format } = JSON.parse(stdout);
    expect({ damage, format }).toEqual({ damage: null, format: "pcap" });
    expect(devices[0].attempts[0].findings[0]).toMatchObject({ reason: "transfer-stalled" });
    expect(devices[0].attempts[0].seen.length).toBeGreaterThan(4);
  });

  it("shows one device, however its MAC address is spelled", async () => {
    const { stdout } = await run("explain", capture("relapsed"), "--device", "5254.00dd.0001");
    expect(stdout).toMatch(/relapsed/);
    await expect(run("explain", capture("relapsed"), "--device", "00-00-00-00-00-01")).rejects.toMatchObject({
      exitCode: 2,
    });
  });

  it.each([
    ["a text", "this is no capture", /neither pcap nor pcapng/],
    ["an empty file", "", /too short/],
    ["a compressed capture", "\x1f\x8b\x08 and so on", /gzip/],
  ])("refuses %s in a sentence, with 2", async (_, content, why) => {
    const file = join(temporaryFolder(), "boot.pcap");
    writeFileSync(file, content, "latin1");
    await expect(run("explain", file)).rejects.toMatchObject({
      exitCode: 2,
      message: expect.stringMatching(why),
    });
    await expect(run("explain", `${file}.nowhere`)).rejects.toMatchObject({ exitCode: 2 });
  });
});
