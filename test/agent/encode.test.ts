import fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import { percentEncode } from "../../src/rescue/message-field.ts";
import { anyText } from "../rescue/message-arbitrary.ts";
import { AgentShell } from "./busybox.ts";

const shell = new AgentShell();
afterAll(() => shell.remove());

const lines = (text: string) => text.split("\n").slice(0, -1);
const EACH = (call: string) => `for field; do ${call} || printf refused; printf '\\n'; done`;

describe("a field", () => {
  it("is encoded by the agent exactly as by the station, and decoded back", () => {
    fc.assert(
      fc.property(fc.array(anyText, { minLength: 30, maxLength: 60 }), (texts) => {
        const encoded = texts.map((text) => (text === "-" ? "%2D" : percentEncode(text)));
        expect(lines(shell.script(EACH('encode_field "$field"'), ...texts).stdout)).toEqual(encoded);
        expect(lines(shell.script(EACH('decode_field "$field"'), ...encoded).stdout)).toEqual(texts);
      }),
      { numRuns: 5 },
    );
  });

  it("of nothing is a hyphen, and a hyphen is not nothing", () => {
    expect(lines(shell.script(EACH('encode_field "$field"'), "", "-").stdout)).toEqual(["-", "%2D"]);
  });

  it("with line ends, tabs, quotes and shell syntax stays one field", () => {
    const nasty = "a b\tc\n$(reboot)`reboot`'\"\\*?[]%;&|<>";
    expect(shell.script('encode_field "$1"', nasty).stdout).toBe(percentEncode(nasty));
  });

  it.each(["", "%", "%4", "%zz", "%2d", "%0A", "%1B", "%7F", "a b", "a\\b", "$(x)", "*"])(
    "%j is not decoded",
    (field) => {
      expect(shell.script('decode_field "$1"', field).status).toBe(1);
    },
  );
});
