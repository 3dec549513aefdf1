import { describe, expect, it } from "vitest";
import { shortOfBuffer } from "../../src/server/receive-buffer.ts";
import { noticeText } from "../../src/station/notice.ts";

describe("a machine that gives sockets less than they ask for", () => {
  it("is told of with the command that gives them more", () => {
    const short = shortOfBuffer(() => "212992\n")!;
    expect(short.reason).toBe("small-receive-buffer");
    expect(noticeText(short)).toMatch(/keeps 208 KiB.*sysctl -w net\.core\.rmem_max=4194304/);
  });

  it("is not where there is enough, nor where nobody can tell", () => {
    expect(shortOfBuffer(() => "4194304\n")).toBeNull();
    expect(shortOfBuffer(() => "unreadable")).toBeNull();
    expect(
      shortOfBuffer(() => {
        throw new Error("no such file");
      }),
    ).toBeNull();
  });
});
