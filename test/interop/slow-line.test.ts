import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { ownMounts } from "../../src/drill/lab/own-mounts.ts";
import { describeWith } from "./needs.ts";

/** What came of `blocks` blocks over a line of 200 Mbit/s that takes no more at once than a socket's send buffer. */
function overSlowLine(kind: string, blocks: number, blockSize: number, most: number) {
  const own = ["--net", ...ownMounts(), "--pid", "--fork", "--kill-child", "--mount-proc"];
  const flags = process.getuid?.() === 0 ? own : ["--user", "--map-root-user", ...own];
  const script = `
    ip link set lo up mtu 1500
    tc qdisc add dev lo root tbf rate 200mbit burst 6000 limit 100000000
    exec "$@"
  `;
  const slowLine = join(import.meta.dirname, "slow-line.ts");
  const sent = [kind, `${blocks}`, `${blockSize}`, `${most}`];
  const argv = [...flags, "sh", "-euc", script, "sh", process.execPath, "--no-warnings", slowLine, ...sent];
  const env = { ...process.env, PATH: `${process.env.PATH}:/usr/sbin:/sbin` };
  const { stdout, stderr } = spawnSync("unshare", argv, { encoding: "utf8", timeout: 60_000, env });
  expect(stderr).toBe("");
  return JSON.parse(stdout) as { came: number; numbers: number[]; torn: number; grown: number };
}

describeWith(["unshare", "ip", "tc"], "a window that is longer than the kernel has room for", () => {
  describe.each(["kernel", "dgram"])("by %s", (kind) => {
    it("goes out whole and in order", () => {
      const { numbers, torn } = overSlowLine(kind, 600, 1400, 600);
      expect(torn).toBe(0);
      expect(numbers).toEqual(Array.from({ length: 600 }, (_, block) => block));
    });

    it("T16 does not fill the memory where a device acknowledges what it never got", () => {
      const { came, grown } = overSlowLine(kind, 4000, 60_000, 200);
      expect(came).toBeGreaterThanOrEqual(67);
      expect(grown).toBeLessThan(100e6);
    });
  });
});
