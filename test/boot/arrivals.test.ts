import { describe, expect, it } from "vitest";
import { arrives, hasArrived, mayArrive, newArrivals } from "../../src/boot/arrivals.ts";
import { type MacAddress, parseMac } from "../../src/wire/mac.ts";

const device = (index: number): MacAddress => parseMac(`5254${index.toString(16).padStart(8, "0")}`);

function wave(count: number, known: boolean, now = 0, arrivals = newArrivals()) {
  const offered = Array.from({ length: count }, (_, index) => mayArrive(arrivals, device(index), known, now));
  return { arrivals, offered: offered.filter((each) => each).length };
}

describe("devices that ask to boot, all at the same moment", () => {
  it("are offered as many as can load their loader side by side; the others are silent to, and ask again", () => {
    const { arrivals, offered } = wave(5000, true);
    expect(offered).toBe(256);
    hasArrived(arrivals, device(0));
    expect(mayArrive(arrivals, device(4000), true, 1000)).toBe(true);
    expect(mayArrive(arrivals, device(4001), true, 1000)).toBe(false);
  });

  it("are answered again when they repeat themselves", () => {
    const { arrivals } = wave(5000, true);
    expect(mayArrive(arrivals, device(255), true, 4000)).toBe(true);
  });

  it("hold their place for five seconds after an offer, and for a minute once they ask for their file", () => {
    const { arrivals } = wave(256, true);
    for (let index = 0; index < 255; index += 1) arrives(arrivals, device(index), 1000);
    expect(mayArrive(arrivals, device(999), true, 4999)).toBe(false);
    expect(mayArrive(arrivals, device(999), true, 5000)).toBe(true);
    expect(mayArrive(arrivals, device(998), true, 60_999)).toBe(true);
    expect(wave(300, true, 61_000, arrivals).offered).toBe(255);
  });

  it("T16 are not held up by made-up ones if the inventory knows them, and made-up ones are forgotten in seconds", () => {
    const { arrivals, offered } = wave(20_000, false);
    expect(offered).toBe(256);
    expect(arrivals.strangers.size).toBe(256);
    expect(mayArrive(arrivals, parseMac("020000000001"), true, 0)).toBe(true);
    expect(mayArrive(arrivals, parseMac("020000000002"), false, 4999)).toBe(false);
    expect(mayArrive(arrivals, parseMac("020000000002"), false, 5000)).toBe(true);
  });
});
