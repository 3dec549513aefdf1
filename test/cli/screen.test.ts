import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { Screen } from "../../src/cli/screen.ts";

const failure = (code: string) => Object.assign(new Error(code), { code });

/** A reader that takes so many bytes of each write, or fails. */
let takes: number | Error;
let out: string;
let events: string[];
let screen: Screen;

beforeEach(() => {
  vi.useFakeTimers();
  [takes, out, events] = [Number.POSITIVE_INFINITY, "", []];
  screen = new Screen(
    (bytes) => {
      if (takes instanceof Error) throw takes;
      const taken = bytes.subarray(0, takes);
      if (taken.length === 0) throw failure("EAGAIN");
      takes -= taken.length;
      out += new TextDecoder().decode(taken);
      return taken.length;
    },
    { onTrouble: (code) => events.push(code), onBack: (lost) => events.push(`back after ${lost}`) },
  );
});
afterEach(() => void vi.useRealTimers());

describe("the screen of a station", () => {
  test("writes lines in order", () => {
    screen.line("one");
    screen.line("two");
    expect([out, screen.lost, events]).toEqual(["one\ntwo\n", 0, []]);
  });

  test("keeps one line at the bottom that is written over: other lines come above it, and it goes when something else is asked", () => {
    screen.status("1 in hand");
    screen.line("one");
    screen.status("2 in hand");
    screen.status("2 in hand");
    screen.hold();
    expect(out.split("\r\x1b[K")).toEqual(["", "1 in hand", "one\n1 in hand", "2 in hand", ""]);
  });

  test("a line at the bottom that cannot be written is no loss", () => {
    takes = failure("EIO");
    screen.status("1 in hand");
    expect([screen.lost, events]).toEqual([0, []]);
  });

  test.each(["EPIPE", "EIO", "ENOSPC"])("%s: drops lines, counts them, and says so once", (code) => {
    takes = failure(code);
    for (let number = 0; number < 5; number++) screen.line("x");
    expect([out, screen.lost, events]).toEqual(["", 5, [code]]);
  });

  test("goes on when the disk has room again, with a line of its own after half a one", () => {
    takes = 4;
    screen.line("one two");
    takes = failure("ENOSPC");
    screen.line("three");
    takes = Number.POSITIVE_INFINITY;
    screen.line("four");
    expect([out, screen.lost, events]).toEqual(["one \nfour\n", 2, ["ENOSPC", "back after 2"]]);
  });

  test("a reader that stops reading loses nothing if it reads on, and no line is cut", async () => {
    takes = 2;
    screen.line("one");
    screen.line("two");
    expect(out).toBe("on");
    takes = Number.POSITIVE_INFINITY;
    await vi.advanceTimersByTimeAsync(100);
    expect([out, screen.lost, events]).toEqual(["one\ntwo\n", 0, []]);
  });

  test("a reader that never reads costs a megabyte, not a station: what is more is dropped and counted", async () => {
    takes = 0;
    const line = "x".repeat(1023);
    for (let number = 0; number < 3000; number++) screen.line(line);
    expect([screen.lost, events]).toEqual([3000 - 1024, ["EAGAIN"]]);
    takes = Number.POSITIVE_INFINITY;
    await vi.advanceTimersByTimeAsync(100);
    expect([out.length, events]).toEqual([1024 * 1024, ["EAGAIN", "back after 1976"]]);
  });

  test("holds lines while a question stands there", () => {
    screen.hold();
    screen.line("one");
    expect(out).toBe("");
    screen.release();
    expect(out).toBe("one\n");
  });

  test("ends after its patience, whether or not anybody reads", async () => {
    takes = 0;
    screen.line("last words");
    const drained = screen.drained(2000);
    await vi.advanceTimersByTimeAsync(2000);
    await drained;
    expect(out).toBe("");
  });
});
