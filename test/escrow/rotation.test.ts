import { describe, expect, test } from "vitest";
import { rotationCommands } from "../../src/dashboard/rotation-commands.ts";
import { rotationCsv } from "../../src/dashboard/rotation-csv.ts";
import type { Deposit } from "../../src/escrow/deposit.ts";
import {
  type Due,
  dueForRotation,
  foldSeen,
  nameOf,
  newSeenPasswords,
  rotatedEntry,
} from "../../src/escrow/rotation.ts";
import type { Entry, NewEntry } from "../../src/ledger/entry.ts";
import { parseMac } from "../../src/wire/mac.ts";
import { entryOf, event } from "../ledger/event.ts";
import { ID_A, ID_B } from "./fixture.ts";

const MAC = parseMac("52:54:00:00:00:01");
const RELEASED_AT = 1_721_360_000_000;

const byDevice = event("key.released", { device: MAC, campaign: "july", protectorId: ID_A, depositId: "d1" });
const byHand = event("key.released-by-hand", {
  ...{ reason: "no network", ticket: "INC7", deviceName: "PC-2", protectorId: ID_B, depositId: "d2" },
});

function folded(...bodies: (Entry["body"] | NewEntry)[]) {
  const seen = newSeenPasswords();
  for (const [index, each] of bodies.entries()) {
    const body = "body" in each ? each.body : each;
    const actor = body.type === "key.released" ? "station" : "operator:ada";
    foldSeen(seen, entryOf(body, { actor, at: RELEASED_AT + index }));
  }
  return seen;
}

function deposit(changes: Partial<Deposit> = {}): Deposit {
  return {
    ...{ depositId: "d1", protectorId: ID_A, deviceName: "PC-1", directory: null, deviceId: null },
    ...{ volumeType: null, createdAt: null, source: "a.csv", depositedAt: RELEASED_AT - 1000 },
    ...changes,
  };
}

const due = (bodies: Entry["body"][], ...deposits: Deposit[]) => dueForRotation(folded(...bodies), () => deposits);
const newer = { depositId: "d9", protectorId: ID_B, depositedAt: RELEASED_AT + 1000 };

describe("a password that was seen", () => {
  test("is to be rotated, by device or by hand: who, when, why and how often, longest waiting first", () => {
    const list = due([byHand, byDevice, byDevice]);
    expect(list).toMatchObject([
      { depositId: "d2", by: "operator:ada", why: "no network (INC7)", device: null, deviceName: "PC-2", releases: 1 },
      { depositId: "d1", by: "station", why: "campaign july", device: MAC, releases: 2, releasedAt: RELEASED_AT + 2 },
    ]);
  });

  test("has the inventory's name for the device where its deposit has none", () => {
    const admitted = event("device.admitted", { device: MAC, name: "PC-1", session: "s", campaign: "july" });
    const [first] = due([admitted, byDevice], deposit({ deviceName: null }));
    expect(nameOf(first!)).toBe("PC-1");
    expect(nameOf(due([admitted, byDevice], deposit({ deviceName: "PC-X" }))[0]!)).toBe("PC-X");
  });

  test("is off the list with a newer deposit of its device: by directory ID, else by name, else by protector", () => {
    const own = deposit({ deviceId: "id-1" });
    expect(due([byDevice], own, deposit({ ...newer, deviceId: "id-1", deviceName: "PC-9" }))).toEqual([]);
    expect(due([byDevice], own, deposit({ ...newer, deviceId: "id-2", deviceName: "PC-1" }))).toHaveLength(1);
    expect(due([byDevice], own, deposit({ ...newer, deviceName: "pc-1" }))).toEqual([]);
    expect(due([byDevice], own, deposit({ ...newer, deviceName: "PC-2" }))).toHaveLength(1);
    const nameless = deposit({ deviceName: null });
    expect(due([byDevice], nameless, deposit({ ...newer, protectorId: ID_A }))).toEqual([]);
    expect(due([byDevice], nameless, deposit(newer))).toHaveLength(1);
    expect(due([byHand], deposit({ ...newer, deviceName: "PC-2" }))).toEqual([]);
  });

  test("stays on it with a deposit from before the release, though that was imported later", () => {
    const older = { ...newer, createdAt: RELEASED_AT - 5 };
    expect(due([byDevice], deposit(), deposit(older))).toHaveLength(1);
    expect(due([byDevice], deposit(), deposit({ ...newer, depositedAt: RELEASED_AT }))).toHaveLength(1);
    const since = { ...newer, depositedAt: RELEASED_AT - 9, createdAt: RELEASED_AT + 1 };
    expect(due([byDevice], deposit(), deposit(since))).toEqual([]);
  });

  test("stays on it with a newer password of another of the device's volumes", () => {
    const own = deposit({ volumeType: "os" });
    expect(due([byDevice], own, deposit({ ...newer, volumeType: "fixed" }))).toHaveLength(1);
    expect(due([byDevice], own, deposit({ ...newer, volumeType: "os" }))).toEqual([]);
    expect(due([byDevice], own, deposit(newer))).toEqual([]);
  });

  test("is off it when somebody says so, and on it again when it is released once more", () => {
    const list = due([byDevice, byHand]);
    const done = rotatedEntry(list.slice(0, 1), "seen in AD", "operator:ada", "c");
    expect(done.body).toMatchObject({ type: "key.rotated", depositIds: ["d1"], protectorIds: [ID_A] });
    expect(dueForRotation(folded(byDevice, byHand, done), () => [])).toMatchObject([{ depositId: "d2" }]);
    expect(dueForRotation(folded(byDevice, done, byDevice), () => [])).toMatchObject([
      { depositId: "d1", releases: 1 },
    ]);
  });
});

const listed = (directory: string | null, deviceName = "PC-1", deviceId: string | null = null): Due => ({
  ...dueForRotation(folded(byDevice), () => [deposit({ directory, deviceName, deviceId })])[0]!,
});

describe("for the directory team", () => {
  test("the list is CSV that no spreadsheet takes for a formula", () => {
    const csv = rotationCsv([listed("AD"), listed(null, '=cmd|"x"!A1,')]);
    expect(csv.split("\r\n").slice(0, 3)).toEqual([
      "device,mac,device_id,directory,volume,key_protector_id,released_at,released_by,reason,releases",
      `PC-1,${MAC},,AD,,${ID_A},2024-07-19T03:33:20.000Z,station,campaign july,1`,
      `"'=cmd|""x""!A1,",${MAC},,,,${ID_A},2024-07-19T03:33:20.000Z,station,campaign july,1`,
    ]);
  });

  test("each directory's part has its own devices, and one that nobody can place is in every part but by its ID", () => {
    const list = [listed("ActiveDirectory", "PC-AD"), listed("Entra", "PC-E", "id-e"), listed("MBAM", "PC-M")];
    const part = (directory: "entra" | "ad" | "mbam", all: readonly Due[] = list) => rotationCommands(all, directory);
    expect(part("entra")).toMatch(/rotateBitLockerKeys/);
    expect(part("entra")).toContain("DeviceId = 'id-e'");
    expect(part("entra")).not.toContain("PC-AD");
    expect(part("ad")).toContain(`Device = 'PC-AD'; Released = '{${ID_A}}'`);
    expect(part("ad")).not.toContain("PC-E");
    expect(part("ad").indexOf("-protectors -add")).toBeLessThan(part("ad").indexOf("-protectors -adbackup"));
    expect(part("ad").indexOf("-protectors -adbackup")).toBeLessThan(part("ad").indexOf("-protectors -delete"));
    expect(part("mbam")).toContain(`RecoveryKeyId IN (\n  '${ID_A}'\n)`);
    for (const directory of ["entra", "ad", "mbam"] as const) expect(part(directory, [listed(null)])).not.toBe("");
    expect(part("mbam", [listed("Entra")])).toBe("");
    expect(part("ad", [listed("my-export", "PC-1", "id-1")])).toBe("");
  });

  test("a device's name cannot become a command: PowerShell takes typographic quotation marks for quotes, too", () => {
    const text = rotationCommands([listed("AD", "x'; rm \u2019; #\u0007\n")], "ad");
    expect(text).toContain("Device = 'x''; rm \u2019\u2019; #'");
  });
});
