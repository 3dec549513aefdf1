import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { REASONS } from "../../src/explain/findings/table.ts";
import { findingNotice, type Notice, notice, noticeText } from "../../src/station/notice.ts";
import { NoticeBoard } from "../../src/station/notice-board.ts";
import { NOTICES } from "../../src/station/notice-table.ts";
import { parseIpv4 } from "../../src/wire/ipv4.ts";

const known = "52:54:00:00:00:01";
const link = { name: "lan0", address: parseIpv4("10.99.0.2") };

/** A board, what it has told, and its clock. */
function board() {
  const told: Notice[] = [];
  const clock = { now: 1_795_492_800_000 };
  const made = new NoticeBoard({
    now: () => clock.now,
    isKnown: (device) => device === known,
    onNotice: (each) => told.push(each),
  });
  return { told, clock, board: made };
}

describe("a notice", () => {
  it("has its reason word, what it is about, what happened and what to do", () => {
    expect(notice("link-down", "network", link)).toMatchObject({
      ...{ reason: "link-down", level: "error", device: null, part: "network", facts: link },
      ...{ what: "lan0 is down: no device can reach the station", cure: "look at the cable and the switch" },
    });
  });

  it("is one line: the device's name first, the cure last", () => {
    expect(noticeText(notice("no-image", { device: known }, { firmware: "uefi-arm64", image: "arm64" }))).toBe(
      `${known} asks to boot from the network and gets no answer: its firmware (uefi-arm64) needs the arm64 image. Do: build it with 'breakglass image build --architecture arm64', then serve it too with --image`,
    );
    expect(noticeText(notice("loads-full", "loads", { loads: 8 }))).toMatch(/^8 devices load .* \(--loads\)$/);
  });

  it("of the ears has the words of the rule that found it", () => {
    const finding = { reason: "loader-rejected", what: "It was not run.", cure: "Look.", frames: [] } as const;
    expect(noticeText(findingNotice(known, finding))).toBe(`${known}: loader-rejected: It was not run. Do: Look.`);
  });
});

describe("the notice board", () => {
  it("tells the same words once, and what is news each time", () => {
    const { told, board: made } = board();
    for (let time = 0; time < 3; time++) {
      made.tell(notice("range-full", "leases"));
      made.tell(notice("link-down", "network", link));
      made.tell(notice("not-answered", { device: known }, { why: "halted" }));
    }
    made.tell(notice("not-answered", { device: known }, { why: "no-campaign" }));
    expect(told.map(({ reason }) => reason)).toEqual([
      ...["range-full", "link-down", "not-answered", "link-down", "link-down", "not-answered"],
    ]);
  });

  it("T16: tells 120 lines a minute of made-up devices, counts the others, and still tells of the inventory's", () => {
    const { told, clock, board: made } = board();
    for (let number = 0; number < 1000; number++)
      made.tell(notice("not-answered", { device: `device-${number}` }, { why: "not-in-plan" }));
    expect([told.length, made.untold]).toEqual([120, 880]);
    made.tell(notice("not-answered", { device: known }, { why: "halted" }));
    expect(told.at(-1)?.device).toBe(known);
    clock.now += 60_000;
    made.tell(notice("not-answered", { device: "device-999" }, { why: "not-in-plan" }));
    expect(told.at(-1)?.device).toBe("device-999");
  });

  it("T16: tells 20 faults a minute", () => {
    const { told, board: made } = board();
    for (let number = 0; number < 100; number++) made.tell(notice("fault", "station", { message: "again" }));
    expect(told.length).toBe(20);
  });

  it("T16: keeps 4096 lines in mind, so the first of more is news again", () => {
    const { told, clock, board: made } = board();
    const tell = (number: number) => {
      clock.now += 60_000;
      made.tell(notice("not-answered", { device: `device-${number}` }, { why: "halted" }));
    };
    for (let number = 0; number <= 4096; number++) tell(number);
    told.length = 0;
    tell(4096);
    expect(told).toEqual([]);
    tell(0);
    expect(told).toHaveLength(1);
  });
});

it("docs/formats/notices.md names every reason word with its level, in the table's order, and every finding's", () => {
  const page = readFileSync(join(import.meta.dirname, "..", "..", "docs", "formats", "notices.md"), "utf8");
  const rows = [...page.matchAll(/^\| `([a-z-]+)` \| (info|warning|error) \| (once|each time) \|/gm)];
  expect(rows.map(([, reason, level, told]) => [reason, level, told])).toEqual(
    Object.entries(NOTICES).map(([reason, { level, told }]) => [reason, level, told === "once" ? told : "each time"]),
  );
  for (const reason of REASONS) expect(page).toContain(`\`${reason}\``);
});
