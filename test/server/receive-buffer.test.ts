import { describe, expect, it } from "vitest";
import { readLimit } from "../../src/server/platform/linux.ts";
import { shortOfBuffer } from "../../src/server/receive-buffer.ts";
import { noticeText } from "../../src/station/notice.ts";

describe("a machine that gives sockets less than they ask for", () => {
  it("is told of with the command that gives them more", () => {
    const short = shortOfBuffer({ mostReceiveBytes: () => readLimit(() => "212992\n") })!;
    expect(short.reason).toBe("small-receive-buffer");
    expect(noticeText(short)).toMatch(/keeps 208 KiB.*sysctl -w net\.core\.rmem_max=4194304/);
  });

  it("is not where there is enough, nor where nobody can tell", () => {
    expect(shortOfBuffer({ mostReceiveBytes: () => readLimit(() => "4194304\n") })).toBeNull();
    expect(shortOfBuffer({ mostReceiveBytes: () => readLimit(() => "unreadable") })).toBeNull();
    expect(
      shortOfBuffer({
        mostReceiveBytes: () =>
          readLimit(() => {
            throw new Error("no such file");
          }),
      }),
    ).toBeNull();
  });
});
