import { readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import { REMEDIES } from "../../src/remedy/library.ts";
import { compileRemedy } from "../../src/remedy/plan.ts";
import { decodeAnswer, encodeAnswer } from "../../src/rescue/message.ts";
import { AgentShell } from "./busybox.ts";

const shell = new AgentShell();
afterAll(() => shell.remove());

const plan = compileRemedy(REMEDIES.get("channel-file-291")!, { campaign: "july", hibernated: "stop" });
const PLAN = encodeAnswer({ answer: "plan", plan });
const accept = (text: string) => shell.script('accept_plan "$1" "$RUN"', shell.file("answer", text));

describe("the agent takes a plan", () => {
  it("that the station compiled, as it was meant", () => {
    expect(accept(PLAN)).toMatchObject({ status: 0, stdout: "" });
    expect(readFileSync(join(shell.run, "plan"), "utf8").split("\n")).toEqual([
      "channel-file-291",
      plan.remedySha256,
      "july",
      "Windows/Breakglass-Quarantine",
      "stop",
      "",
    ]);
    expect(readFileSync(join(shell.run, "remove-1"), "utf8").split("\n")).toEqual([
      "Windows/System32/drivers/CrowdStrike",
      "=C-00000291-,#8,=-,#8,=.sys",
      "aaaaaaaa01002301",
      "1721362140",
      "1721366820",
      "8",
      "quarantine",
      "",
    ]);
  });

  it.each<[string, string]>([
    ["with seven fields where eight are expected", PLAN.replace("\t8\tquarantine", "\tquarantine")],
    ["with nine fields where eight are expected", PLAN.replace("\t8\tquarantine", "\t8\tquarantine\t-")],
    ["with an empty field", PLAN.replace("\t8\tquarantine", "\t\tquarantine")],
    ["with a wildcard in the name", PLAN.replace("=C-00000291-,#8,=-,#8,=.sys", "=C-00000291*.sys")],
    ["with an encoded wildcard in the name", PLAN.replace("=C-00000291-", "=C-00000291%2A")],
    ["with a wildcard in the folder", PLAN.replace("drivers/CrowdStrike", "drivers/*")],
    ["with no removal", PLAN.replace(/remove.*\n/, "").replace("end\t3", "end\t2")],
    ["for a folder outside drivers", PLAN.replace("drivers/CrowdStrike", "config/CrowdStrike")],
    ["for drivers itself", PLAN.replace("drivers/CrowdStrike", "drivers")],
    ["for a folder further down", PLAN.replace("drivers/CrowdStrike", "drivers/CrowdStrike/x")],
    ["that walks up", PLAN.replace("drivers/CrowdStrike", "drivers/..")],
    ["with an encoded way up", PLAN.replace("drivers/CrowdStrike", "drivers/%2E%2E")],
    ["with a backslash", PLAN.replace("drivers/CrowdStrike", "drivers/Crowd%5CStrike")],
    ["with an absolute folder", PLAN.replace("\tWindows/System32/drivers", "\t/Windows/System32/drivers")],
    ["with a short name", PLAN.replace("CrowdStrike", "CROWDS%7E1")],
    ["with a header of three bytes", PLAN.replace("aaaaaaaa01002301", "aaaaaa")],
    ["with half a byte", PLAN.replace("aaaaaaaa01002301", "aaaaaaaa0100230")],
    ["without a header", PLAN.replace("aaaaaaaa01002301", "-")],
    ["with an empty time window", PLAN.replace("1721366820", "1721362140")],
    ["with a time that is none", PLAN.replace("1721366820", "1721366820x")],
    ["with an octal time", PLAN.replace("1721366820", "01721366820")],
    ["without a limit", PLAN.replace("\t8\tquarantine", "\t-\tquarantine")],
    ["with a limit of 33", PLAN.replace("\t8\tquarantine", "\t33\tquarantine")],
    ["with another action", PLAN.replace("\t8\tquarantine", "\t8\trun")],
    ["with a quarantine outside Windows", PLAN.replace("Windows/Breakglass-Quarantine", "Users/Public")],
    [
      "with a quarantine among the drivers",
      PLAN.replace("Windows/Breakglass-Quarantine", "Windows/System32/drivers/q"),
    ],
    ["with a campaign that walks", PLAN.replace("\tjuly\t", "\t../july\t")],
    ["of another version", PLAN.replace("plan\t1\tchannel", "plan\t2\tchannel")],
    ["of another protocol", PLAN.replace("station\t2", "station\t1")],
    ["with a line too many", PLAN.replace("end\t3", "remove\nend\t4")],
    ["with a wrong count", PLAN.replace("end\t3", "end\t4")],
    ["that was cut short", PLAN.slice(0, -1)],
    ["with carriage returns", PLAN.replaceAll("\n", "\r\n")],
    ["with a NUL", PLAN.replace("july", "ju\0ly")],
    ["that is empty", ""],
  ])("never %s", (_, text) => {
    expect(accept(text).status).not.toBe(0);
  });

  it("never if one character was changed so that the station itself would refuse it", () => {
    const broken = fc
      .tuple(fc.nat(PLAN.length - 1), fc.constantFrom("", "\t", "\n", "*", "?", "[", "%", "/", "..", "~", " ", "-"))
      .map(([at, put]) => PLAN.slice(0, at) + put + PLAN.slice(at + 1))
      .filter((text) => {
        try {
          decodeAnswer(text);
          return false;
        } catch {
          return true;
        }
      });
    fc.assert(
      fc.property(broken, (text) => {
        expect(accept(text).status).not.toBe(0);
      }),
      { numRuns: 40 },
    );
  });
});
