import {
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { findIn } from "../../src/drill/secrecy.ts";
import { StationLog } from "../../src/server/log/station-log.ts";
import { notice } from "../../src/station/notice.ts";
import { parseIpv4 } from "../../src/wire/ipv4.ts";

const NOW = Date.UTC(2026, 10, 30, 2, 14, 7, 250);
const link = { name: "lan0", address: parseIpv4("10.99.0.2") };

let state: string;
let folder: string;
let events: string[];
let log: StationLog | null;

beforeEach(() => {
  state = mkdtempSync(join(tmpdir(), "breakglass-log-"));
  folder = join(state, "log");
  events = [];
  log = null;
});
afterEach(() => {
  log?.close();
  rmSync(state, { recursive: true });
});

function open(options: { readonly text?: boolean; readonly limits?: { each: number; files: number } } = {}) {
  log = new StationLog({
    ...{ folder, now: () => NOW, text: options.text ?? false },
    ...(options.limits === undefined ? {} : { limits: options.limits }),
    onTrouble: (code) => events.push(code),
    onBack: (lost) => events.push(`back after ${lost}`),
  });
  return log;
}
const read = (name = "station.jsonl") => readFileSync(join(folder, name), "utf8");
const lines = (name?: string) =>
  read(name)
    .split("\n")
    .slice(0, -1)
    .map((line) => JSON.parse(line) as Record<string, unknown>);

describe("the station's log", () => {
  it("has each line on the disk when the call returns, with time, level, device and reason word", () => {
    open().notice(notice("no-image", { device: "52:54:00:00:00:01" }, { firmware: "uefi-arm64", image: "arm64" }));
    expect(lines()).toEqual([
      {
        ...{ time: "2026-11-30T02:14:07.250Z", level: "error", device: "52:54:00:00:00:01", reason: "no-image" },
        ...{ part: null, text: expect.stringContaining("needs the arm64 image") },
      },
    ]);
  });

  it("has an entry's kind, device, number and words", () => {
    const body = { type: "key.released", session: "s", device: "52:54:00:00:00:01", protectorId: "P" };
    const entry = { ledgerId: "l", epoch: 1, seq: 7, previous: "", hash: "", at: NOW, stationAt: NOW } as const;
    open().entry({ ...entry, station: "t", actor: "station", commandId: "c", body } as never);
    expect(lines()).toMatchObject([{ reason: "key.released", device: "52:54:00:00:00:01", seq: 7, level: "info" }]);
  });

  it("has a crash with its stack, and no recovery password, key or token that a message quotes", () => {
    const password = "123456-234567-345678-456789-567890-678901-789012-890123";
    const token = `bgt_${"aB3_-".repeat(10)}`;
    const key = `AGE-SECRET-KEY-1${"Q".repeat(58)}`;
    open({ text: true }).crash(new Error(`cannot read ${password} ${token} ${key}`), "uncaughtException");
    for (const name of ["station.jsonl", "station.log"]) {
      const text = read(name);
      expect(text).toContain("station-log.test.ts");
      expect(findIn(Buffer.from(text), name, [password])).toEqual([]);
      expect(text).not.toContain(token);
      expect(text).not.toContain(key);
    }
  });

  it("is readable text, too, where that is asked for; a device's control characters are not in it", () => {
    open({ text: true }).line({ level: "info", reason: "x", device: null, text: "a\u001b[2Jb\nc" });
    expect(read("station.log")).toBe("2026-11-30T02:14:07.250Z  info     station            x: a [2Jb c\n");
  });

  it("is its owner's alone", () => {
    open().notice(notice("link-down", "network", link));
    expect([statSync(folder).mode & 0o777, statSync(join(folder, "station.jsonl")).mode & 0o777]).toEqual([
      ...[0o700, 0o600],
    ]);
  });

  it("is cut into files of a size, and never more than so many: the oldest goes", () => {
    const made = open({ limits: { each: 1000, files: 3 } });
    for (let number = 0; number < 100; number++) made.line({ level: "info", reason: "x", text: `line ${number}` });
    expect(readdirSync(folder).sort()).toEqual(["station.1.jsonl", "station.2.jsonl", "station.jsonl"]);
    for (const name of readdirSync(folder)) expect(statSync(join(folder, name)).size).toBeLessThanOrEqual(1000);
    const all = ["station.2.jsonl", "station.1.jsonl", "station.jsonl"].flatMap((name) => lines(name));
    expect(all.at(-1)).toMatchObject({ text: "line 99" });
    expect(all.map(({ text }) => text)).toEqual(all.map((_, index) => `line ${100 - all.length + index}`));
  });

  it("goes on in the file of the start before", () => {
    open().line({ level: "info", reason: "one", text: "" });
    log!.close();
    open().line({ level: "info", reason: "two", text: "" });
    expect(lines().map(({ reason }) => reason)).toEqual(["one", "two"]);
  });

  it("follows no link: neither one in the file's place nor one in the folder's", () => {
    const other = join(state, "other");
    writeFileSync(other, "untouched");
    mkdirSync(folder);
    symlinkSync(other, join(folder, "station.jsonl"));
    open().line({ level: "info", reason: "x", text: "" });
    expect([readFileSync(other, "utf8"), events]).toEqual(["untouched", ["ELOOP"]]);
    log!.close();
    rmSync(folder, { recursive: true });
    mkdirSync(join(state, "elsewhere"));
    symlinkSync(join(state, "elsewhere"), folder);
    open().line({ level: "info", reason: "x", text: "" });
    expect([readdirSync(join(state, "elsewhere")), lstatSync(folder).isSymbolicLink()]).toEqual([[], true]);
  });

  it("drops lines where it cannot write, counts them, and says so once each way", () => {
    writeFileSync(folder, "a file where the folder should be");
    const made = open();
    for (let number = 0; number < 5; number++) made.line({ level: "info", reason: "x", text: "" });
    expect([made.lost, events]).toEqual([5, ["ENOTDIR"]]);
    rmSync(folder);
    made.line({ level: "info", reason: "y", text: "" });
    expect([made.lost, events, lines().length]).toEqual([5, ["ENOTDIR", "back after 5"], 1]);
  });
});
