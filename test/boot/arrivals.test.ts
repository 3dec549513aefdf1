import { describe, expect, it } from "vitest";
import { arrives, hasArrived, mayArrive, newArrivals } from "../../src/boot/arrivals.ts";
import { type MacAddress, parseMac } from "../../src/wire/mac.ts";

const device = (index: number): MacAddress => parseMac(`5254${index.toString(16).padStart(8, "0")}`);

function loading(count: number, known: boolean, now = 0, arrivals = newArrivals()) {
  for (let index = 0; index < count; index++) arrives(arrivals, device(index), known, now);
  return arrivals;
}

describe("devices that ask to boot", () => {
  it("are all offered where they ask in the same instant, as long as none loads yet", () => {
    const arrivals = newArrivals();
    for (let index = 0; index < 5000; index++) expect(mayArrive(arrivals, device(index), true, 0)).toBe(true);
  });

  it("are silent to while 256 others load their loaders, and offered when one of those has asked for its script", () => {
    const arrivals = loading(256, true);
    expect(mayArrive(arrivals, device(4000), true, 1000)).toBe(false);
    hasArrived(arrivals, device(0));
    expect(mayArrive(arrivals, device(4000), true, 1000)).toBe(true);
  });

  it("are answered again where they load already and ask once more", () => {
    expect(mayArrive(loading(5000, true), device(4999), true, 4000)).toBe(true);
  });

  it("hold their place for a minute after they last asked for their file", () => {
    const arrivals = loading(256, true);
    arrives(arrivals, device(0), true, 30_000);
    expect(mayArrive(arrivals, device(999), true, 59_999)).toBe(false);
    expect(mayArrive(arrivals, device(999), true, 60_000)).toBe(true);
    expect(arrivals.known.size).toBe(1);
  });

  it("T16 are not held up by made-up ones if the inventory knows them, and only so many of those are remembered", () => {
    const arrivals = loading(20_000, false);
    expect(arrivals.strangers.size).toBe(4096);
    expect(mayArrive(arrivals, parseMac("020000000001"), true, 0)).toBe(true);
    expect(mayArrive(arrivals, parseMac("020000000002"), false, 0)).toBe(false);
  });
});
