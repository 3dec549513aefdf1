import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { grubScript } from "../../src/boot/script.ts";
import { grubWaitScript } from "../../src/boot/waiting.ts";
import { spellings } from "../../src/drill/secrecy.ts";
import { waveChecks } from "../../src/drill/synthetic/checks.ts";
import { Comparison } from "../../src/drill/synthetic/comparison.ts";
import { costOf } from "../../src/drill/synthetic/cost.ts";
import { makeDevices } from "../../src/drill/synthetic/device.ts";
import { readScript } from "../../src/drill/synthetic/grub.ts";
import { ManySecrets } from "../../src/drill/synthetic/many-secrets.ts";
import { syntheticPage } from "../../src/drill/synthetic/page.ts";
import { plot } from "../../src/drill/synthetic/plot.ts";
import { type DeviceRecord, newRecord } from "../../src/drill/synthetic/record.ts";
import { type SyntheticResult, syntheticJson, syntheticVerdict, timesOf } from "../../src/drill/synthetic/result.ts";
import type { Entry } from "../../src/ledger/entry.ts";
import type { EntryBody } from "../../src/ledger/events/event.ts";
import { parseIpv4 } from "../../src/wire/ipv4.ts";
import { entryOf, event } from "../ledger/event.ts";

const devices = makeDevices(3);

function record(rescued: number | null): DeviceRecord {
  const at = rescued === null ? {} : { rescued };
  return { ...newRecord(), at, boots: 1, ownPassword: rescued === null ? null : true };
}

const entry = (body: EntryBody, seq: number): Entry => entryOf(body, { seq, at: seq });

function story(): EntryBody[] {
  return devices.flatMap(({ mac: device, protectorId }) => [
    event("key.released", { device, protectorId }),
    event("session.reported", { device }),
    event("device.confirmed", { device }),
  ]);
}

const good = () => ({
  devices,
  records: [record(1000), record(2000), record(3000)],
  entries: story().map(entry),
  loads: 2,
  mostTurns: 2,
});
const broken = (findings: Parameters<typeof waveChecks>[0]) =>
  waveChecks(findings).flatMap(({ id, passed }) => (passed ? [] : [id]));

describe("the checks of a wave of synthetic devices", () => {
  it("hold where every device is rescued once, with its own password", () => {
    expect(broken(good())).toEqual([]);
  });

  it("do not hold where a device is missing, or its report", () => {
    expect(broken({ ...good(), records: [record(1000), record(2000), record(null)] })).toEqual(
      expect.arrayContaining(["rescued", "own-password", "bytes"]),
    );
    const silent = story().filter((body) => body.type !== "device.confirmed" || body.device !== devices[0]!.mac);
    expect(broken({ ...good(), entries: silent.map(entry) })).toEqual(["confirmed"]);
  });

  it("do not hold where anything happens twice", () => {
    const twice = (type: string) => [...story(), ...story().filter((body) => body.type === type)].map(entry);
    expect(broken({ ...good(), entries: twice("session.reported") })).toEqual(["once"]);
    expect(broken({ ...good(), entries: twice("key.released") })).toEqual(["released-once"]);
  });

  it("do not hold where two devices' passwords were exchanged", () => {
    const [one, other] = devices;
    const exchanged = story().map((body) => {
      if (body.type !== "key.released") return body;
      if (body.device === one!.mac) return { ...body, protectorId: other!.protectorId };
      return body.device === other!.mac ? { ...body, protectorId: one!.protectorId } : body;
    });
    expect(broken({ ...good(), entries: exchanged.map(entry) })).toEqual(["released-once"]);
    const strange = good().records.map((each, index) => ({ ...each, ownPassword: index > 0 }));
    expect(broken({ ...good(), records: strange })).toEqual(["own-password"]);
  });

  it("do not hold where more devices had their turn than may", () => {
    expect(broken({ ...good(), mostTurns: 3 })).toEqual(["queue"]);
  });
});

describe("synthetic devices", () => {
  it("are told apart by all they have: five thousand have no mark, address or password in common", () => {
    const many = makeDevices(5000);
    const all = many.flatMap(({ mac, address, uuid, serial, protectorId, password }) => [
      ...[mac, address, uuid, serial, protectorId, password.text.reveal()],
    ]);
    expect(new Set(all).size).toBe(6 * 5000);
  });

  it("read the station's own boot scripts: files to load, or seconds to wait", () => {
    const source = { address: parseIpv4("10.99.0.2"), httpPort: 80 };
    expect(readScript(grubScript(source, "x64"))).toEqual({ kernel: "vmlinuz", initrds: ["initrd", "session.cpio"] });
    const waiting = { turn: false, position: 3, of: 9, seconds: 7, minutes: null } as const;
    expect(readScript(grubWaitScript(waiting))).toEqual({ pauseSeconds: 7 });
    expect(() => readScript("echo hello\n")).toThrow("loads nothing");
  });

  it("notice one wrong byte, one too many and one too few", () => {
    const bytes = Buffer.from("kernel");
    const take = (...pieces: string[]) => {
      const comparison = new Comparison(bytes);
      for (const piece of pieces) comparison.take("vmlinuz", Buffer.from(piece));
      return comparison.whole;
    };
    expect(take("ker", "nel")).toBe(true);
    expect(take("ker", "ne")).toBe(false);
    expect(() => take("ker", "nul")).toThrow("other bytes");
    expect(() => take("kernel", "s")).toThrow("other bytes");
  });
});

describe("the search for thousands of secrets", () => {
  const passwords = makeDevices(2000).map(({ password }) => password.text.reveal());
  const search = new ManySecrets(passwords);

  it("finds each of them in every spelling, at the beginning, the end and in the middle", () => {
    for (const secret of [0, 1234, 1999])
      for (const [form, bytes] of spellings(passwords[secret]!)) {
        const noise = Buffer.alloc(999, "123456-654321 ");
        for (const block of [bytes, Buffer.concat([bytes, noise]), Buffer.concat([noise, bytes, noise])])
          expect(search.findIn(block, "here").map((leak) => [leak.secret, leak.form])).toContainEqual([secret, form]);
      }
  });

  it("finds nothing where there is nothing, and what lies over the border of two blocks", () => {
    const folder = mkdtempSync(join(tmpdir(), "breakglass-secrets-"));
    try {
      const bytes = Buffer.alloc((8 << 20) + 4000, "0123456789abcdef-");
      writeFileSync(join(folder, "clean"), bytes);
      expect(search.search([folder])).toMatchObject({ leaks: [], files: 1 });
      bytes.write(passwords[7]!, (8 << 20) - 20);
      writeFileSync(join(folder, "leaky"), bytes);
      expect(search.search([folder]).leaks).toContainEqual({
        where: join(folder, "leaky"),
        ...{ secret: 7, form: "with dashes" },
      });
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

describe("the report of a wave", () => {
  const result = (records: readonly DeviceRecord[], checks: SyntheticResult["checks"] = []): SyntheticResult => ({
    ...{ startedAt: "2026-11-24T00:00:00Z", endedAt: "2026-11-24T00:01:00Z", operator: "o", version: "0", remedy: "r" },
    ...{ imageSha256: "0".repeat(64), loads: 2, bandwidth: null, line: 1000, devices, records, checks },
    ...{ station: { cpuSeconds: 1, peakBytes: 2 }, ledgerEntries: 3, counters: {} },
  });

  it("tells the time to the first, half, 95 % and all, and none that was not reached", () => {
    expect(timesOf([record(3000), record(1000), record(2000)])).toEqual({ first: 1, p50: 2, p95: 3, all: 3 });
    expect(timesOf([record(1000), record(2000), record(null)])).toEqual({ first: 1, p50: 2, p95: null, all: null });
    expect(timesOf([record(null)])).toEqual({ first: null, p50: null, p95: null, all: null });
  });

  it("passes only if every check holds", () => {
    const check = { id: "x", device: null, title: "a rule", evidence: "" };
    expect(syntheticVerdict(result(good().records, [{ ...check, passed: true }]))).toMatchObject({ passed: true });
    const failed = result(good().records, [{ ...check, passed: false }]);
    expect(syntheticVerdict(failed)).toEqual({ passed: false, line: "drill failed: a rule" });
    expect(syntheticPage(failed)).toContain("DOES NOT HOLD");
    expect(JSON.parse(syntheticJson(failed)).deviations).toHaveLength(1);
  });

  it("holds no recovery password and needs nothing from outside", () => {
    const wave = result(good().records);
    for (const text of [syntheticPage(wave), syntheticJson(wave)]) {
      for (const { password } of devices) expect(text).not.toContain(password.text.reveal());
      expect(text.replaceAll("http://www.w3.org/2000/svg", "")).not.toMatch(/https?:\/\/|<script/);
    }
  });

  it("draws each device once, at its second, and thousands in few points", () => {
    const line = (rescuedAt: readonly number[]) =>
      /<path d="M([^"]+)" fill="none" stroke="#1f5fa8" stroke-width/.exec(
        `${plot([{ label: "one", rescuedAt, devices: rescuedAt.length }], "t")}`,
      )![1]!;
    expect(line([0, 5000, 10_000]).split("L")).toHaveLength(3);
    expect(line(Array.from({ length: 5000 }, (_, index) => index)).split("L").length).toBeLessThanOrEqual(301);
    expect(`${plot([{ label: "none", rescuedAt: [], devices: 5 }], "t")}`).not.toContain("NaN");
  });

  it("reads what a process costs from the kernel, and says so where there is none", () => {
    expect(costOf(process.pid)!.peakBytes).toBeGreaterThan(1e6);
    expect(costOf(process.pid)!.cpuSeconds).toBeGreaterThan(0);
    expect(costOf(2 ** 22 + 1)).toBeNull();
  });
});
