import { describe, expect, it } from "vitest";
import type { Entry, EntryBody } from "../../src/ledger/entry.ts";
import { dueProof, foldSession, newSessions, type Session } from "../../src/rescue/session.ts";

const device = "52:54:00:00:00:01";
const opened = {
  type: "session.opened",
  session: "s1",
  device,
  tokenHash: "t",
  secretHash: "h",
  machine: { macs: [] },
};

function fold(...bodies: readonly (EntryBody | [number, EntryBody])[]): Session {
  const sessions = newSessions();
  for (const body of [opened, ...bodies]) {
    const [at, event] = Array.isArray(body) ? body : [0, body];
    foldSession(sessions, { at, body: event } as unknown as Entry);
  }
  return sessions.byId.get("s1")!;
}

const reported = (outcome: string) => ({ type: "session.reported", session: "s1", device, outcome });
const windows = { type: "device.sighted", device, as: "windows" };
const network = { type: "device.sighted", device, as: "network-boot" };

describe("a session", () => {
  it("is over once it has reported: a late release does not reopen it", () => {
    const session = fold(reported("rescued"), { type: "key.released", session: "s1", device });
    expect(session.progress).toBe("reported");
  });

  it("is not confirmed by sightings from before its report", () => {
    expect(dueProof(fold(windows, reported("rescued")))).toBeNull();
  });

  it("is confirmed by Windows asking for an address after the report", () => {
    expect(dueProof(fold(reported("rescued"), windows))).toBe("device.confirmed");
  });

  it("asks for its proof only once", () => {
    const session = fold(reported("rescued"), windows, { type: "device.confirmed", session: "s1", device }, windows);
    expect(dueProof(session)).toBeNull();
  });

  it("does not count the retries of one network boot as a relapse", () => {
    expect(dueProof(fold(reported("rescued"), [1_000, network], [5_000, network], [33_000, network]))).toBeNull();
  });

  it("has relapsed when its device boots from the network twice without Windows in between", () => {
    expect(dueProof(fold(reported("rescued"), [0, network], [200_000, network]))).toBe("device.relapsed");
  });

  it("is forgiven by Windows between two network boots, for firmware that prefers the network", () => {
    expect(dueProof(fold(reported("rescued"), [0, network], [100_000, windows], [200_000, network]))).toBe(
      "device.confirmed",
    );
  });

  it("that failed is not expected back", () => {
    expect(dueProof(fold(reported("wrong-key"), windows))).toBeNull();
  });
});
