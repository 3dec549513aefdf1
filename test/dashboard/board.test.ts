import { describe, expect, it } from "vitest";
import { type Board, foldBoard, newBoard, readBoard } from "../../src/dashboard/board.ts";
import { timeLeft } from "../../src/dashboard/estimate.ts";
import { parseInventory } from "../../src/fleet/read-inventory.ts";
import type { Entry } from "../../src/ledger/entry.ts";
import type { MacAddress } from "../../src/wire/mac.ts";

const mac = (last: number) => `52:54:00:00:00:${String(last).padStart(2, "0")}` as MacAddress;
const MINUTE = 60_000;

type Body = { readonly type: string; readonly [field: string]: unknown };

const armed = (devices: number): Body => ({
  type: "campaign.armed",
  ...{ campaign: "c1", remedy: "r", unknown: "confirm" },
  devices: parseInventory(
    `name,mac\n${Array.from({ length: devices }, (_, n) => `PC-${n + 1},${mac(n + 1)}\n`).join("")}`,
  ),
});
const asked = (n: number): Body => ({ type: "boot.offered", device: mac(n), address: `10.0.0.${n}`, uuid: null });
const hello = (n: number, session = `s${n}`): Body => ({
  type: "session.opened",
  ...{ session, device: mac(n), tokenHash: `t-${session}`, secretHash: `h-${session}`, pairing: "111-222" },
  machine: { macs: [] },
});
const of = (n: number, type: string, more: object = {}): Body => ({ type, session: `s${n}`, device: mac(n), ...more });

/** The board after these entries, a minute apart; `later` minutes after the last. */
function board(bodies: readonly Body[], later = 0, queue: Parameters<typeof readBoard>[2] = null): Board {
  const state = newBoard();
  for (const [index, body] of bodies.entries())
    foldBoard(state, { seq: index + 1, at: index * MINUTE, body } as unknown as Entry);
  return readBoard(state, (bodies.length - 1 + later) * MINUTE, queue);
}

const stands = ({ devices }: Board) => devices.map(({ name, device, stands, why }) => [name ?? device, stands, why]);

describe("a board", () => {
  it("has every device of the inventory, seen or not", () => {
    const { counts, inventory, others, devices } = board([armed(3), hello(2)]);
    expect({ inventory, others }).toEqual({ inventory: 3, others: 0 });
    expect(counts).toMatchObject({ "in-hand": 1, "not-seen": 2 });
    expect(devices).toHaveLength(3);
  });

  it.each([
    ["loads after it asked for its network boot", [asked(1)], "loading", null],
    ["is in hand after its hello", [asked(1), hello(1)], "in-hand", null],
    [
      "waits for what it was told to wait for",
      [hello(1), of(1, "device.held", { reason: "no-key" })],
      "waiting",
      "no-key",
    ],
    ["is held by a halt", [hello(1), of(1, "device.held", { reason: "halted" })], "held", "halted"],
    [
      "is in hand once its code is confirmed",
      [hello(1), of(1, "device.held", { reason: "awaiting-confirmation" }), of(1, "pairing.confirmed")],
      "in-hand",
      null,
    ],
    [
      "has failed where its key is refused",
      [hello(1), of(1, "key.refused", { reason: "device-cap" })],
      "failed",
      "device-cap",
    ],
    [
      "is rescued when it reports so",
      [hello(1), of(1, "session.reported", { outcome: "rescued" })],
      "rescued",
      "rescued",
    ],
    [
      "has failed when it reports that",
      [hello(1), of(1, "session.reported", { outcome: "wrong-key" })],
      "failed",
      "wrong-key",
    ],
    [
      "is confirmed when it came back",
      [hello(1), of(1, "session.reported", { outcome: "rescued" }), of(1, "device.confirmed")],
      "confirmed",
      "rescued",
    ],
    [
      "has relapsed when it fell back",
      [hello(1), of(1, "session.reported", { outcome: "rescued" }), of(1, "device.relapsed")],
      "relapsed",
      "rescued",
    ],
    [
      "loads again when it asks again after a failure",
      [hello(1), of(1, "session.reported", { outcome: "wrong-key" }), asked(1)],
      "loading",
      null,
    ],
    [
      "starts again with a new session",
      [hello(1), of(1, "session.reported", { outcome: "wrong-key" }), hello(1, "s9")],
      "in-hand",
      null,
    ],
  ] as const)("says that a device %s", (_what, bodies, is, why) => {
    expect(stands(board([armed(1), ...bodies]))).toEqual([["PC-1", is, why]]);
  });

  it("counts an expected device without a hello for half an hour as failed, and forgets a stranger", () => {
    expect(stands(board([armed(1), asked(1), asked(7)], 29))).toHaveLength(2);
    expect(stands(board([armed(1), asked(1), asked(7)], 31))).toEqual([["PC-1", "failed", "no-hello"]]);
  });

  it("takes the load queue from a station that tells it: a device waits for its turn, and needs no person", () => {
    const queue = { loading: new Set([mac(1)]), waiting: new Set([mac(2)]) };
    const { needPerson, ...rest } = board([armed(2), asked(1), asked(2)], 40, queue);
    expect(stands({ needPerson, ...rest })).toEqual([
      ["PC-2", "waiting", "load-turn"],
      ["PC-1", "loading", null],
    ]);
    expect(needPerson).toBe(0);
  });

  it("puts first what needs a person, and there first the one that is longest in need", () => {
    const all = board([
      armed(6),
      ...[hello(1), of(1, "session.reported", { outcome: "rescued" })],
      ...[hello(2), of(2, "device.held", { reason: "no-key" })],
      ...[hello(3), of(3, "session.reported", { outcome: "wrong-key" })],
      ...[hello(4), of(4, "device.held", { reason: "rate-cap" })],
      ...[hello(5), of(5, "session.reported", { outcome: "no-volume" })],
    ]);
    expect(all.devices.map(({ name }) => name)).toEqual(["PC-3", "PC-5", "PC-2", "PC-4", "PC-1", "PC-6"]);
    expect(all.needPerson).toBe(3);
  });

  it("says which device is under way longest, and which came last", () => {
    const { oldest, newest } = board([
      armed(3),
      hello(1),
      hello(2),
      hello(3),
      of(1, "session.reported", { outcome: "rescued" }),
    ]);
    expect([oldest?.name, newest?.name]).toEqual(["PC-2", "PC-3"]);
  });

  it("counts a device that booted with two cards once, by its newer story", () => {
    const two = parseInventory(`name,mac\nPC-1,${mac(1)} ${mac(2)}\n`);
    const found = board([
      { ...armed(1), devices: two },
      hello(1),
      hello(2),
      of(2, "session.reported", { outcome: "rescued" }),
    ]);
    expect(stands(found)).toEqual([["PC-1", "rescued", "rescued"]]);
  });

  it("remembers one session a device and a thousand strangers, however long the ledger is", () => {
    const state = newBoard();
    const take = (seq: number, body: Body) => foldBoard(state, { seq, at: seq, body } as unknown as Entry);
    take(1, armed(1));
    for (let seq = 2; seq < 3_000; seq += 1) {
      take(seq, hello(1, `x${seq}`));
      take(seq, {
        ...asked(1),
        device: `02:00:00:00:${seq
          .toString(16)
          .padStart(4, "0")
          .replace(/(..)(..)/, "$1:$2")}`,
      });
    }
    expect(state.sessions.byId.size).toBe(1);
    expect(state.sessions.bySecret.size).toBe(1);
    expect(state.sessions.byToken.size).toBe(1);
    expect(state.boots.latest.size).toBe(1_024);
  });
});

describe("the time left", () => {
  const every = (minutes: number, count: number) => Array.from({ length: count }, (_, n) => n * minutes * MINUTE);

  it("is that of the last rescues' pace, for all devices that are left", () => {
    const now = 18 * MINUTE;
    expect(timeLeft({ rescuedAt: every(2, 10), left: 30, stopped: false, now })).toEqual({
      ...{ is: "about", seconds: 3600, left: 30, from: 10 },
    });
  });

  it("grows while nothing comes", () => {
    const later = timeLeft({ rescuedAt: every(2, 10), left: 30, stopped: false, now: 36 * MINUTE });
    expect(later).toMatchObject({ seconds: 7200 });
  });

  it("is of the newest rescues alone: the slow first hour is forgotten", () => {
    const slow = every(60, 10);
    const start = slow.at(-1)!;
    const quick = Array.from({ length: 20 }, (_, n) => start + (n + 1) * MINUTE);
    expect(timeLeft({ rescuedAt: [...slow, ...quick], left: 10, stopped: false, now: quick.at(-1)! })).toMatchObject({
      seconds: 600,
    });
  });

  it("is unknown before five rescues, and while nothing goes on", () => {
    expect(timeLeft({ rescuedAt: every(1, 4), left: 1, stopped: false, now: 0 })).toEqual({
      ...{ is: "unknown", why: "too-few-rescued" },
    });
    expect(timeLeft({ rescuedAt: every(1, 40), left: 1, stopped: true, now: 0 })).toMatchObject({ why: "stopped" });
  });

  it("is nothing where no device is left", () => {
    expect(timeLeft({ rescuedAt: [], left: 0, stopped: true, now: 0 })).toEqual({ is: "done" });
  });
});
