import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  askForTurn,
  endLoad,
  isQueued,
  type LoadQueue,
  newLoadQueue,
  sendingBegins,
  sendingEnds,
  type Turn,
} from "../../src/boot/queue.ts";
import { grubWaitScript, ipxeWaitScript } from "../../src/boot/waiting.ts";
import { parseIpv4 } from "../../src/wire/ipv4.ts";
import { type MacAddress, parseMac } from "../../src/wire/mac.ts";

const device = (index: number): MacAddress => parseMac(`5254${index.toString(16).padStart(8, "0")}`);
const stranger = (index: number) => device(0x1000000 + index);
const ask = (queue: LoadQueue, index: number, now = 0): Turn => askForTurn(queue, device(index), true, now);
const place = (turn: Turn) => (turn.turn ? 0 : turn.position);

describe("the load queue", () => {
  it("gives as many devices a turn as may load at once, and the others their place", () => {
    const queue = newLoadQueue(2);
    expect([1, 2, 3, 4].map((index) => place(ask(queue, index)))).toEqual([0, 0, 1, 2]);
    expect(ask(queue, 4)).toMatchObject({ position: 2, of: 2 });
  });

  it("goes by who asked first, whoever asks first after a turn came free", () => {
    const queue = newLoadQueue(1);
    for (const index of [1, 2, 3]) ask(queue, index);
    endLoad(queue, device(1), 1000);
    expect(place(ask(queue, 3, 1000))).toBe(2);
    expect(place(ask(queue, 2, 2000))).toBe(0);
    expect(place(ask(queue, 3, 2000))).toBe(1);
  });

  it("lets a device that asks again keep its turn: its firmware repeats questions, and boots anew", () => {
    const queue = newLoadQueue(1);
    ask(queue, 1);
    expect(ask(queue, 1, 60_000)).toEqual({ turn: true });
  });

  it("drops a device that does not ask again, and takes back the turn of one that is gone", () => {
    const queue = newLoadQueue(1);
    for (const index of [1, 2, 3]) ask(queue, index);
    expect(place(ask(queue, 3, 89_999))).toBe(2);
    expect(place(ask(queue, 3, 90_000))).toBe(1);
    expect(isQueued(queue, device(2), 90_000)).toBe(false);
    expect(place(ask(queue, 3, 120_000))).toBe(0);
    expect(isQueued(queue, device(1), 120_000)).toBe(false);
  });

  it("leaves a device its turn as long as a file is on its way to it, however slow its line", () => {
    const queue = newLoadQueue(1);
    ask(queue, 1);
    sendingBegins(queue, device(1), 0);
    expect(place(ask(queue, 2, 3_600_000))).toBe(1);
    sendingEnds(queue, device(1), 3_600_000);
    expect(place(ask(queue, 2, 3_660_000))).toBe(1);
    expect(place(ask(queue, 2, 3_720_000))).toBe(0);
  });

  it("tells how long it takes once it knows, and to ask again after half of that, 1 to 30 s", () => {
    const queue = newLoadQueue(1);
    for (let index = 0; index < 200; index += 1) ask(queue, index);
    expect(ask(queue, 199)).toMatchObject({ seconds: 30, minutes: null });
    for (let index = 0; index < 10; index += 1) {
      expect(place(ask(queue, index, index * 12_000))).toBe(0);
      for (let other = index + 1; other < 200; other += 1) ask(queue, other, index * 12_000);
      endLoad(queue, device(index), (index + 1) * 12_000 - 1);
    }
    expect(ask(queue, 10, 120_000)).toEqual({ turn: true });
    expect(ask(queue, 11, 120_000)).toMatchObject({ position: 1, seconds: 5, minutes: 1 });
    expect(ask(queue, 30, 120_000)).toMatchObject({ position: 20, seconds: 30, minutes: 4 });
  });

  it("T16 is not delayed for known devices by any number of made-up ones, and remembers only so many of those", () => {
    const queue = newLoadQueue(2);
    for (let index = 0; index < 20_000; index += 1) askForTurn(queue, stranger(index), false, 0);
    expect(queue.waiting.strangers.size).toBe(1024);
    expect([1, 2, 3].map((index) => place(ask(queue, index)))).toEqual([0, 0, 1]);
    expect(askForTurn(queue, stranger(2), false, 0)).toMatchObject({ position: 2 });
    endLoad(queue, stranger(0), 0);
    endLoad(queue, stranger(1), 0);
    expect(askForTurn(queue, stranger(2), false, 0).turn).toBe(false);
    endLoad(queue, device(1), 0);
    expect(place(ask(queue, 3))).toBe(0);
  });

  it("whatever comes: never more at once than it may, no place twice, and every device that goes on asking has its turn", () => {
    const step = fc.record({
      who: fc.integer({ min: 0, max: 30 }),
      does: fc.constantFrom("ask", "ask", "load", "end"),
      later: fc.integer({ min: 0, max: 20_000 }),
    });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 5 }), fc.array(step, { maxLength: 200 }), (loads, steps) => {
        const queue = newLoadQueue(loads);
        let now = 0;
        for (const { who, does, later } of steps) {
          now += later;
          if (does === "ask") ask(queue, who, now);
          if (does === "load") sendingBegins(queue, device(who), now);
          if (does !== "ask") sendingEnds(queue, device(who), now);
          if (does === "end") endLoad(queue, device(who), now);
          expect(queue.loading.size).toBeLessThanOrEqual(loads);
        }
        const left = new Set(Array.from({ length: 31 }, (_, index) => index));
        for (let round = 0; round < 31 + 2; round += 1) {
          now += 2000;
          for (const index of left) ask(queue, index, now);
          const places = [...left].map((index) => place(ask(queue, index, now))).filter((each) => each > 0);
          expect(new Set(places).size).toBe(places.length);
          for (const each of queue.loading.keys()) {
            endLoad(queue, each, now);
            left.delete(Number.parseInt(each.replaceAll(":", "").slice(4), 16));
          }
        }
        expect([...left]).toEqual([]);
      }),
      { numRuns: 200 },
    );
  });
});

describe("the script of a device that waits", () => {
  const waiting = { turn: false, position: 12, of: 40, seconds: 9, minutes: 2 } as const;

  it("says on its screen that nothing is wrong, its place, and that it asks again by itself", () => {
    for (const script of [
      grubWaitScript(waiting),
      ipxeWaitScript({ address: parseIpv4("10.99.0.2"), httpPort: 80 }, waiting),
    ]) {
      expect(script).toContain("Nothing is wrong, and nothing was changed on it.");
      expect(script).toContain("Place 12 of 40: 11 before it. About 2 minutes more.");
      expect(script).toContain("It asks again by itself in 9 s.");
    }
    expect(grubWaitScript({ ...waiting, position: 1, minutes: null })).toContain('echo "Place 1 of 40: It is next."');
  });

  it("loops in one place in GRUB and replaces itself in iPXE: an hour of waiting needs no more memory than a minute", () => {
    expect(grubWaitScript(waiting).match(/while true/g)).toHaveLength(1);
    expect(grubWaitScript(waiting)).toContain('if [ "$waits" != yes ]; then');
    const ipxe = ipxeWaitScript({ address: parseIpv4("10.99.0.2"), httpPort: 8080 }, waiting);
    expect(ipxe).toContain("sleep 9\nchain --replace http://10.99.0.2:8080/boot.ipxe || goto again\n");
  });
});
