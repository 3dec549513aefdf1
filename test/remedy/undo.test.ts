import { describe, expect, it } from "vitest";
import { loadQuarantineManifest, planUndo, undoScript } from "../../src/remedy/undo.ts";
import { MalformedError } from "../../src/wire/malformed.ts";

const file = (digits: string) => ({
  from: `Windows/System32/drivers/CrowdStrike/C-00000291-00000000-000000${digits}.sys`,
  to: `Windows/Breakglass-Quarantine/july/s1/C-00000291-00000000-000000${digits}.sys`,
  size: 41,
  sha256: digits.repeat(32),
  mtime: 1721362200,
  header: "aaaaaaaa01002301",
});
const manifest = (files: object[], more: object = {}) =>
  JSON.stringify({
    breakglassQuarantine: 1,
    remedy: "channel-file-291",
    remedySha256: "0f".repeat(32),
    campaign: "july",
    session: "s1",
    files,
    ...more,
  });

describe("undo", () => {
  it("renames every file back to where it was, last moved first", () => {
    const steps = planUndo(loadQuarantineManifest(manifest([file("32"), file("33")])));
    expect(steps.map((step) => step.rename)).toEqual([file("33").to, file("32").to]);
    expect(steps.map((step) => step.to)).toEqual([file("33").from, file("32").from]);
  });

  it("tells a person to move a file only if it is still the one that was moved", () => {
    const script = undoScript(planUndo(loadQuarantineManifest(manifest([file("32")]))), "D:");
    expect(script).toBe(
      `if ((Get-FileHash -Algorithm SHA256 -LiteralPath 'D:\\Windows\\Breakglass-Quarantine\\july\\s1\\C-00000291-00000000-00000032.sys').Hash -eq '${"32".repeat(32)}') { Move-Item -LiteralPath 'D:\\Windows\\Breakglass-Quarantine\\july\\s1\\C-00000291-00000000-00000032.sys' -Destination 'D:\\Windows\\System32\\drivers\\CrowdStrike\\C-00000291-00000000-00000032.sys' }`,
    );
  });

  it.each<[string, string]>([
    ["moves from outside the quarantine", manifest([{ ...file("32"), to: "Windows/System32/ntoskrnl.exe" }])],
    [
      "moves to outside the drivers",
      manifest([{ ...file("32"), from: "Windows/System32/C-00000291-00000000-00000032.sys" }]),
    ],
    ["walks up", manifest([{ ...file("32"), from: "Windows/System32/drivers/../x.sys" }])],
    ["quotes its way out of the script", manifest([{ ...file("32"), from: "Windows/System32/drivers/a/b'; rm" }])],
    ["restores the same place twice", manifest([file("32"), file("32")])],
    ["comes from another session's folder", manifest([file("32")], { session: "s2" })],
    ["is of another version", manifest([file("32")], { breakglassQuarantine: 2 })],
    ["is cut short", manifest([file("32")]).slice(0, -1)],
  ])("is refused for a manifest that %s", (_, text) => {
    expect(() => loadQuarantineManifest(text)).toThrow(MalformedError);
  });
});
