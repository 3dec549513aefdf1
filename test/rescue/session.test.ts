import { describe, expect, it } from "vitest";
import type { EntryBody } from "../../src/ledger/events/event.ts";
import { dueProof, foldSession, newSessions, type Session } from "../../src/rescue/session.ts";
import { parseMac } from "../../src/wire/mac.ts";
import { entryOf, event } from "../ledger/event.ts";

const device = parseMac("52:54:00:00:00:01");
const opened = event("session.opened", { session: "s1", device });

function fold(...bodies: readonly (EntryBody | [number, EntryBody])[]): Session {
  const sessions = newSessions();
  for (const body of [opened, ...bodies]) {
    const [at, seen] = Array.isArray(body) ? body : [0, body];
    foldSession(sessions, entryOf(seen, { at }));
  }
  return sessions.byId.get("s1")!;
}

const reported = (outcome: string) => event("session.reported", { session: "s1", device, outcome });
const windows = event("device.sighted", { device, as: "windows" });
const network = event("device.sighted", { device, as: "network-boot" });

describe("a session", () => {
  it("is over once it has reported: a late release does not reopen it", () => {
    const session = fold(reported("rescued"), event("key.released", { session: "s1", device }));
    expect(session.progress).toBe("reported");
  });

  it("is not confirmed by sightings from before its report", () => {
    expect(dueProof(fold(windows, reported("rescued")))).toBeNull();
  });

  it("is confirmed by Windows asking for an address after the report", () => {
    expect(dueProof(fold(reported("rescued"), windows))).toBe("device.confirmed");
  });

  it("asks for its proof only once", () => {
    const session = fold(reported("rescued"), windows, event("device.confirmed", { session: "s1", device }), windows);
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
