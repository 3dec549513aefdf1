import { existsSync, mkdtempSync, rmSync } from "node:fs";
import type { ServerResponse } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openDevicePort } from "../../src/server/open-port.ts";
import { LINUX } from "../../src/server/platform/linux.ts";
import { MACOS } from "../../src/server/platform/macos.ts";
import { can, letsOthersIn, type Platform } from "../../src/server/platform/platform.ts";
import { platformOf } from "../../src/server/platform/this-platform.ts";
import { WINDOWS } from "../../src/server/platform/windows.ts";
import { shortOfBuffer } from "../../src/server/receive-buffer.ts";
import { sendBody } from "../../src/server/send-body.ts";
import { handOver, listenForUnseal } from "../../src/server/unseal-socket.ts";
import { parseIpv4 } from "../../src/wire/ipv4.ts";

const ALL = [LINUX, WINDOWS, MACOS];
const address = parseIpv4("127.0.0.1");
const portOptions = { address, to: { address, port: 9 }, cutAt: 512, onMessage: () => {}, onError: () => {} };

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "breakglass-platform-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Bodies that were handed to Node whole. */
function ended(platform: Platform): Uint8Array[] {
  const bodies: Uint8Array[] = [];
  const response = { end: (bytes: Uint8Array) => bodies.push(bytes), write: () => true } as unknown as ServerResponse;
  sendBody(response, new Uint8Array(2 * 1024 * 1024), platform);
  return bodies;
}

describe("a platform", () => {
  it("is found by Node's name for it, and what is unknown has the calls of macOS", () => {
    expect(platformOf("linux")).toBe(LINUX);
    expect(platformOf("win32")).toBe(WINDOWS);
    expect(platformOf("darwin")).toBe(MACOS);
    expect(platformOf("freebsd")).toBe(MACOS);
  });

  it("says by name what it cannot do, in a sentence for an operator", () => {
    expect(Object.keys(LINUX.cannot)).toEqual([]);
    expect(Object.keys(MACOS.cannot)).toEqual([
      ...["memory-guard", "datagram-batches", "send-file", "receive-limit", "own-process"],
    ]);
    expect(Object.keys(WINDOWS.cannot).sort()).toEqual(
      [...Object.keys(MACOS.cannot), "unseal-socket", "file-modes"].sort(),
    );
    for (const text of ALL.flatMap(({ cannot }) => Object.values(cannot)))
      expect(text).toMatch(/^[A-Z].*(\.|ulimit -c 0)$/);
  });

  it.each(ALL)("does on $name what it says it can, and nothing of the rest", (platform) => {
    expect(platform.files !== null).toBe(can(platform, "send-file"));
    expect(ended(platform).length).toBe(can(platform, "send-file") ? 0 : 1);
    expect(letsOthersIn(platform, 0o644)).toBe(can(platform, "file-modes"));
    expect(letsOthersIn(platform, 0o600)).toBe(false);
    if (can(platform, "receive-limit")) return;
    expect(shortOfBuffer(platform)).toBeNull();
    expect(platform.isOwnDescriptor(0)).toBe(false);
    expect(platform.inForeground()).toBe(true);
    expect(platform.mostOpenFiles()).toBe(Number.POSITIVE_INFINITY);
    expect(platform.availableBytes()).toBeGreaterThan(0);
    platform.guardMemory();
  });

  it.each([WINDOWS, MACOS])("sends TFTP on $name one datagram at a time", async (platform) => {
    expect(platform.openDevicePort({ ...portOptions, onOpen: () => {} })).toBe(false);
    const most = await new Promise((resolve) =>
      openDevicePort(
        {
          ...portOptions,
          onOpen: (port) => {
            resolve(port.most);
            port.close();
          },
        },
        platform,
      ),
    );
    expect(most).toBe(1);
  });
});

describe("the door through which a running station is unsealed", () => {
  it("stays closed on Windows: nothing is made, and who knocks finds no station", async () => {
    const path = join(folder, "unseal.socket");
    expect(await listenForUnseal(path, async () => "unsealed", WINDOWS)).toBeNull();
    expect(existsSync(path)).toBe(false);
    expect(await handOver(path, null)).toBe("no-station");
    expect(WINDOWS.cannot["unseal-socket"]).toMatch(/Stop it and start it again/);
  });

  it.each([LINUX, MACOS])("opens on $name", async (platform) => {
    const path = join(folder, "unseal.socket");
    const door = await listenForUnseal(path, async () => "unsealed", platform);
    expect(await handOver(path, null)).toBe("there");
    door?.close();
  });
});
