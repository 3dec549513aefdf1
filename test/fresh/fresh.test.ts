import { describe, expect, it } from "vitest";
import { LACKS, nameLacks, nameTests, type TestReport } from "./lacks.ts";
import { newlyChanged } from "./verify-lists.ts";

const every = new Set(LACKS.map(({ name }) => name));
const without = (...names: string[]) => new Set([...every].filter((name) => !names.includes(name)));

describe("files of packages", () => {
  it("count when they changed or vanished in between, not when they were so before", () => {
    const before = "??5??????   /usr/bin/a\nmissing     /usr/share/doc/b\n";
    const after = "missing     /usr/share/doc/b\n??5??????   /usr/bin/a\n??5??????   /usr/bin/busybox\n";
    expect(newlyChanged(before, after)).toEqual(["??5??????   /usr/bin/busybox"]);
    expect(newlyChanged(before, before)).toEqual([]);
    expect(newlyChanged("", "\n")).toEqual([]);
  });

  it("that were put right in between do not count", () => {
    expect(newlyChanged("??5??????   /usr/bin/a\n", "")).toEqual([]);
  });
});

describe("what a folder cannot show", () => {
  it("is named: what is missing, and what is not shown for want of it", () => {
    expect(nameLacks("root", every)).toEqual({ lines: [], drill: true });
    const { lines, drill } = nameLacks("root", without("KVM"));
    expect(lines).toEqual(["no KVM; not shown: the drill's times with KVM; QEMU emulates"]);
    expect(drill).toBe(true);
  });

  it("is the drill if the lab lacks something that it needs", () => {
    for (const name of ["/dev/fuse", "/dev/net/tun", "network namespaces"])
      expect(nameLacks("root", without(name)).drill).toBe(false);
  });

  it("asks for user namespaces for a user only: root's lab needs none", () => {
    expect(nameLacks("root", without("user namespaces"))).toEqual({ lines: [], drill: true });
    expect(nameLacks("user", without("user namespaces")).drill).toBe(false);
  });
});

describe("the tests of a run", () => {
  const test = (fullName: string, status: string) => ({ fullName, status });
  const unit = {
    name: "/root/breakglass/test/wire/mac.test.ts",
    status: "failed",
    assertionResults: [test("one", "passed"), test("two", "failed"), test("three", "skipped"), test("four", "pending")],
  };
  const drill = {
    name: "/root/breakglass/test/e2e/happy.test.ts",
    status: "failed",
    assertionResults: [test("five", "failed")],
  };
  const reports: TestReport[] = [{ testResults: [unit] }, {}, { testResults: [drill] }];

  it("are each named by how they ended", () => {
    expect(nameTests(reports, true)).toEqual({
      passed: 1,
      failed: ["test/wire/mac.test.ts: two", "test/e2e/happy.test.ts: five"],
      notShown: [],
      skipped: ["test/wire/mac.test.ts: three", "test/wire/mac.test.ts: four"],
    });
  });

  it("are not failed where the lab that they need cannot be, but no other failure is excused", () => {
    expect(nameTests(reports, false)).toMatchObject({
      failed: ["test/wire/mac.test.ts: two"],
      notShown: ["test/e2e/happy.test.ts: five"],
    });
  });

  it("include a file that could not be loaded", () => {
    const broken = { name: "/x/test/wire/cpio.test.ts", status: "failed", assertionResults: [] };
    expect(nameTests([{ testResults: [broken] }], true).failed).toEqual([
      "test/wire/cpio.test.ts: the file as a whole",
    ]);
  });
});
