import { describe, expect, test } from "vitest";
import { appletNames } from "../../src/image/programs.ts";

const list = (names: string) => Buffer.from(`\x7fELF\0junk\0${names.replaceAll(" ", "\0")}\0\0tail`, "latin1");

describe("busybox's applets", () => {
  test("are read from its own list of names, to the end of the list", () => {
    expect(appletNames(list("[ [[ acpid ash sh zcat"))).toEqual(["[", "[[", "acpid", "ash", "sh", "zcat"]);
  });

  test("end where the order of the list ends", () => {
    expect(appletNames(list("[ [[ ash sh awk"))).toEqual(["[", "[[", "ash", "sh"]);
  });

  test.each(["", "[ [[ ash cat"])("are not made up from %j", (names) => {
    expect(() => appletNames(list(names))).toThrow("no list of applets");
  });
});
