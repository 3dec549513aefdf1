import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseRecoveryPassword } from "../../src/bitlocker/recovery-password.ts";
import type { Deposit } from "../../src/escrow/deposit.ts";
import { decideRelease, RELEASE_CAPS, type ReleaseQuestion, releaseEntry } from "../../src/escrow/release.ts";
import { releaseKey } from "../../src/escrow/release-key.ts";
import { foldReleased, newReleased, releasedIn } from "../../src/escrow/released.ts";
import { openLedger } from "../../src/ledger/open-ledger.ts";
import type { Guid } from "../../src/wire/guid.ts";
import { parseMac } from "../../src/wire/mac.ts";
import { entryOf } from "../ledger/event.ts";
import {
  depositOf,
  ID_A,
  ID_B,
  ID_C,
  newVault,
  PASSPHRASE,
  PASSWORD_A,
  PASSWORD_B,
  temporaryFolder,
} from "./fixture.ts";

const DEVICE = parseMac("52:54:00:00:00:01");

function partial(depositId: string, changes: Partial<Deposit> = {}): Deposit {
  const unsaid = { directory: null, deviceId: null, volumeType: null, createdAt: null, serial: null };
  return {
    depositId,
    protectorId: ID_C,
    deviceName: "PC-0001",
    ...unsaid,
    partialId: "",
    source: "a.csv",
    depositedAt: 0,
    ...changes,
  };
}

function question(
  changes: Partial<ReleaseQuestion>,
  name: string | null = "PC-0001",
  serial: string | null = null,
): ReleaseQuestion {
  return {
    admission: { admitted: true, campaign: { campaign: "c1" }, name, confirm: false },
    session: {
      session: "s1",
      device: DEVICE,
      paired: false,
      marks: { serial },
      protectors: [
        { volume: 1, protectorId: ID_A, type: "recovery-password" },
        { volume: 1, protectorId: ID_B, type: "recovery-password" },
      ],
    },
    volume: 1,
    tried: [],
    deposits: [],
    released: releasedIn(newReleased(), "c1"),
    caps: RELEASE_CAPS,
    sealed: false,
    now: 1_721_360_000_000,
    ...changes,
  };
}

/** What a device is given that finds every password wrong, and what ends it. */
function allAsked(deposits: readonly Deposit[], name: string | null = "PC-0001", lie: readonly Guid[] | null = null) {
  const fold = newReleased();
  const tried: Guid[] = [];
  const given: string[] = [];
  for (let ask = 0; ask < 40; ask++) {
    const unpaired = question({ deposits, tried: lie ?? tried, released: releasedIn(fold, "c1") }, name);
    // An operator's pairing lifts the wait for another name, so that only the match itself is in the way.
    const asked = { ...unpaired, session: { ...unpaired.session, paired: true } };
    const decision = decideRelease(asked);
    if (!("release" in decision)) return { given, end: decision };
    foldReleased(fold, entryOf(releaseEntry(asked, decision).body));
    given.push(`${decision.release.depositId} as ${decision.release.protectorId.slice(0, 4)}`);
    tried.push(decision.release.protectorId);
  }
  throw new Error("it goes on without end");
}

describe("a recovery password without its whole key protector ID", () => {
  test("is offered after those with the ID, then by its first 8 characters, then without any, one after the other", () => {
    const whole = { ...partial("whole", { protectorId: ID_A }), partialId: null };
    const deposits = [partial("none"), partial("first8", { partialId: ID_B.slice(0, 8) }), whole];
    expect(allAsked(deposits)).toEqual({
      given: ["whole as 24B0", "first8 as 4290", "none as 24B0"],
      end: { wait: "no-key" },
    });
  });

  test("is not offered for a protector whose ID begins otherwise", () => {
    expect(allAsked([partial("other", { partialId: "00000000" })]).given).toEqual([]);
  });

  test("counts against the device's cap, whatever the device says it has tried", () => {
    const many = Array.from({ length: 9 }, (_, index) => partial(`d${index}`));
    const { given, end } = allAsked(many);
    expect(given).toHaveLength(RELEASE_CAPS.protectorsPerDevice);
    expect(end).toMatchObject({ refuse: "device-cap" });
    const lying = allAsked(
      many,
      "PC-0001",
      Array.from({ length: 9 }, () => ID_A),
    );
    expect(new Set(lying.given.map((each) => each.split(" ")[0])).size).toBeLessThanOrEqual(
      RELEASE_CAPS.protectorsPerDevice,
    );
  });

  test("is given again if the answer was lost", () => {
    const fold = newReleased();
    const deposits = [partial("d1"), partial("d2")];
    const asked = question({ deposits });
    const first = decideRelease(asked);
    if (!("release" in first)) throw new Error("nothing was released");
    foldReleased(fold, entryOf(releaseEntry(asked, first).body));
    expect(decideRelease(question({ deposits, released: releasedIn(fold, "c1") }))).toMatchObject({
      release: { depositId: "d1" },
      attempt: 2,
    });
  });

  test.each([
    ["CORP\\PC-0001", "pc-0001.corp.example", true],
    ["PC-0001$", "PC-0001", true],
    ["PC-0001.a.example", "PC-0001.b.example", false],
    ["PC-0001", "PC-00010", false],
    ["PC-0001", null, false],
  ])("of %s is offered to %s: %s", (deviceName, name, offered) => {
    expect(allAsked([partial("d", { deviceName })], name).given.length > 0).toBe(offered);
  });

  test("found by serial number alone waits for the pairing code, and another serial number is another device", () => {
    const nameless = [partial("d", { deviceName: null, serial: "abc1" })];
    expect(decideRelease(question({ deposits: nameless }, null, "ABC1"))).toEqual({ wait: "awaiting-confirmation" });
    const paired = question({ deposits: nameless }, null, "ABC1");
    expect(decideRelease({ ...paired, session: { ...paired.session, paired: true } })).toHaveProperty("release");
    const named = [partial("d", { serial: "abc1" })];
    expect(decideRelease(question({ deposits: named }, "PC-0001", "XYZ2"))).toEqual({ wait: "no-key" });
  });

  test("is never offered for a device of another name", () => {
    const names = fc.constantFrom("PC-0001", "PC-0002", "CORP\\PC-0002", "PC-0003$", "pc-0002.corp.example");
    fc.assert(
      fc.property(fc.array(fc.tuple(names, fc.constantFrom("", "24B0AA32")), { maxLength: 6 }), (all) => {
        const deposits = all.map(([deviceName, partialId], at) =>
          partial(`${at} ${deviceName}`, { deviceName, partialId }),
        );
        for (const each of allAsked(deposits).given) expect(each).toMatch(/^\d PC-0001 /);
      }),
    );
  });

  test("leaves the vault only after its release is in the ledger, and opens under its own record", async () => {
    const vault = await newVault();
    await vault.unseal(PASSPHRASE);
    const noId = { ...depositOf(ID_A, PASSWORD_A), protectorId: null, partialId: "" };
    const first8 = { ...depositOf(ID_A, PASSWORD_B), protectorId: null, partialId: ID_B.slice(0, 8) };
    expect((await vault.depositAll([noId, first8])).map(({ is }) => is)).toEqual(["deposited", "deposited"]);
    expect((await vault.depositAll([noId, first8])).map(({ is }) => is)).toEqual(["present", "present"]);
    expect(vault.ofDevice("PC-0002", null)).toEqual([]);
    expect(vault.candidates([ID_A, ID_B])).toEqual([]);
    const deposits = vault.ofDevice("pc-0001.corp.example", null);
    expect(deposits.map(({ partialId }) => partialId).sort()).toEqual(["", "4290B6C0"]);
    expect(vault.find({ first8: "4290b6c0" })).toHaveLength(1);
    const ledger = await openLedger(join(temporaryFolder(), "ledger.sqlite"), {
      station: "s",
      clock: () => 1_721_360_000_000,
      create: true,
    });
    const answer = await releaseKey({
      ledger,
      vault,
      question: question({ deposits }),
      headSeq: (await ledger.head()).seq,
    });
    if (answer === "stale-view" || !("released" in answer)) throw new Error(JSON.stringify(answer));
    expect(answer.released.reveal()).toBe(parseRecoveryPassword(PASSWORD_B).text.reveal());
    expect(answer.receipt.body).toMatchObject({ type: "key.released", protectorId: ID_B });
  });
});
