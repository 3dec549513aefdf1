import { describe, expect, test } from "vitest";
import { Story } from "../../src/drill/report/story.ts";

function told(terminal: boolean): { story: Story; lines: string[]; advance: (ms: number) => void } {
  let now = 1000;
  const lines: string[] = [];
  const story = new Story({ write: (text) => lines.push(text), terminal, now: () => now });
  return { story, lines, advance: (ms) => (now += ms) };
}

describe("the story", () => {
  test("is plain text with the time and the device when it does not go to a terminal", () => {
    const { story, lines, advance } = told(false);
    advance(12_340);
    story.tell("PC-0001", "crashed", "bad");
    story.end();
    expect(lines).toEqual(["   12.3 s  PC-0001   crashed\n"]);
  });

  test("keeps what a device wrote as text: its console's control characters do not reach the operator's terminal", () => {
    const { story, lines } = told(true);
    story.tell("PC-0001", "\x1b[2Jwiped\x1b]0;title\x07");
    story.end();
    expect(lines.join("")).not.toContain("\x1b[2J");
    expect(story.momentsOf("PC-0001")[0]?.text).toBe("wiped");
  });

  test("gives each device its own moments, in the order of their times", () => {
    const { story } = told(false);
    story.tell("PC-0001", "late", "plain", 9000);
    story.tell("PC-0001", "early", "plain", 3000);
    story.tell(null, "the station", "plain", 1);
    story.end();
    expect(story.momentsOf("PC-0001").map(({ text }) => text)).toEqual(["early", "late"]);
  });
});
