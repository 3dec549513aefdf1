import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { LEASE_MS, LeasePool, OFFER_MS } from "../../src/boot/lease-pool.ts";
import { type Ipv4, parseIpv4 } from "../../src/wire/ipv4.ts";
import { type MacAddress, parseMac } from "../../src/wire/mac.ts";

const ip = parseIpv4;
const range = (first: string, last: string) => new LeasePool({ first: ip(first), last: ip(last) });
const mac = (number: number) => parseMac(`5254${number.toString(16).padStart(8, "0")}`);
const known = (number: number) => ({ device: mac(number), known: true });
const stranger = (number: number) => ({ device: mac(number), known: false });
const NOW = 1_000_000_000;

/** Offered and taken, as a device does it. */
function take(pool: LeasePool, holder: { device: MacAddress; known: boolean }, now = NOW, reserved = 0): Ipv4 | null {
  const address = pool.offer(holder, null, reserved, now);
  if (address !== null) expect(pool.lease(holder, address, reserved, now)).toBe(true);
  return address;
}

describe("the address of a device", () => {
  it("is the same over a restart of the station, whether or not anything is remembered", () => {
    const [one, two] = [range("10.99.0.100", "10.99.0.199"), range("10.99.0.100", "10.99.0.199")];
    for (const number of [7, 1, 5]) take(one, known(number));
    for (const number of [1, 5, 7]) expect(take(two, known(number))).toBe(take(one, known(number)));
  });

  it("is the one the ledger knows, though others ask before it", () => {
    const pool = range("10.99.0.100", "10.99.0.101");
    pool.remember(known(9), ip("10.99.0.100"), NOW);
    expect(take(pool, known(1))).toBe("10.99.0.101");
    expect(take(pool, known(2))).toBeNull();
    expect(take(pool, known(9))).toBe("10.99.0.100");
  });

  it("outside the range is not remembered", () => {
    const pool = range("10.99.0.100", "10.99.0.100");
    pool.remember(known(9), ip("10.99.0.50"), NOW);
    expect(take(pool, known(1))).toBe("10.99.0.100");
  });

  it("is the one it asks for, if that was never anybody's", () => {
    const pool = range("10.99.0.100", "10.99.0.199");
    expect(pool.offer(known(1), ip("10.99.0.150"), 0, NOW)).toBe("10.99.0.150");
    expect(pool.offer(known(2), ip("10.99.0.150"), 0, NOW)).not.toBe("10.99.0.150");
    expect(pool.offer(known(3), ip("192.168.1.1"), 0, NOW)).toMatch(/^10\.99\.0\.1\d\d$/);
  });

  it("comes back to it after its lease ended, or it gave it back, as long as there are others to be had", () => {
    const pool = range("10.99.0.100", "10.99.0.103");
    const first = take(pool, known(1))!;
    expect(pool.release(mac(1), first)).toBe(true);
    for (const number of [2, 3, 4]) expect(take(pool, known(number))).not.toBe(first);
    expect(take(pool, known(1), NOW + 1)).toBe(first);
    expect(take(pool, known(1), NOW + 2 * LEASE_MS)).toBe(first);
  });

  it("goes to another device once its lease ended and every other is taken", () => {
    const pool = range("10.99.0.100", "10.99.0.101");
    const [first, second] = [take(pool, known(1))!, take(pool, known(2), NOW + 1)!];
    expect(take(pool, known(3), NOW + LEASE_MS - 1)).toBeNull();
    expect(take(pool, known(3), NOW + LEASE_MS)).toBe(first);
    expect(take(pool, known(1), NOW + LEASE_MS + 1)).toBe(second);
  });

  it("is offered for a minute, and then to whoever asks", () => {
    const pool = range("10.99.0.100", "10.99.0.100");
    expect(pool.offer(known(1), null, 0, NOW)).toBe("10.99.0.100");
    expect(pool.offer(known(2), null, 0, NOW + OFFER_MS - 1)).toBeNull();
    expect(pool.offer(known(2), null, 0, NOW + OFFER_MS)).toBe("10.99.0.100");
    expect(pool.lease(known(1), ip("10.99.0.100"), 0, NOW + OFFER_MS)).toBe(false);
  });

  it("is given to nobody for an hour when the device finds another machine there", () => {
    const pool = range("10.99.0.100", "10.99.0.107");
    const first = take(pool, known(1))!;
    expect(pool.decline(mac(2), first, NOW)).toBe(false);
    expect(pool.decline(mac(1), first, NOW)).toBe(true);
    expect(take(pool, known(1))).not.toBe(first);
    expect(pool.lease(known(3), first, 0, NOW)).toBe(false);
    expect(pool.lease(known(3), first, 0, NOW + LEASE_MS)).toBe(true);
  });
});

describe("T16: a flood of made-up devices", () => {
  it("that decline every address they are given leaves three quarters of the range", () => {
    const pool = range("10.99.0.100", "10.99.0.199");
    for (let number = 0; number < 1000; number++) {
      const address = take(pool, stranger(number))!;
      expect(pool.decline(mac(number), address, NOW)).toBe(true);
    }
    expect(pool.counts(NOW)).toMatchObject({ declined: 25, free: 75 });
  });

  it("leaves an address for every device of the inventory, up to half of the range", () => {
    const pool = range("10.99.0.100", "10.99.0.199");
    const flood = (reserved: number) => {
      for (let number = 1000; number < 2000; number++) take(pool, stranger(number), NOW, reserved);
    };
    flood(30);
    expect(pool.counts(NOW)).toMatchObject({ leased: 70, free: 30 });
    for (let number = 0; number < 30; number++) expect(take(pool, known(number), NOW, 30)).not.toBeNull();
    expect(take(pool, known(30), NOW, 30)).toBeNull();
  });

  it("takes half of the range at most from a campaign that has more devices than the range has addresses", () => {
    const pool = range("10.99.0.100", "10.99.0.199");
    for (let number = 1000; number < 2000; number++) take(pool, stranger(number), NOW, 5000);
    expect(pool.counts(NOW)).toMatchObject({ leased: 50, free: 50 });
  });
});

describe("the pool", () => {
  it("never gives one address to two devices, nor more than the range, whatever is asked and however often", () => {
    const device = fc.integer({ min: 0, max: 9 });
    const address = fc.integer({ min: 98, max: 107 }).map((last) => ip(`10.99.0.${last}`));
    const act = fc.oneof(
      fc.record({ act: fc.constant("take" as const), device, known: fc.boolean() }),
      fc.record({ act: fc.constant("lease" as const), device, address, known: fc.boolean() }),
      fc.record({ act: fc.constantFrom("release" as const, "decline" as const), device, address }),
      fc.record({ act: fc.constant("wait" as const), minutes: fc.integer({ min: 1, max: 90 }) }),
    );
    fc.assert(
      fc.property(fc.array(act, { maxLength: 60 }), (acts) => {
        const pool = range("10.99.0.100", "10.99.0.105");
        const held = new Map<Ipv4, { device: MacAddress; until: number }>();
        let now = NOW;
        const leased = (address: Ipv4, device: MacAddress) => {
          const holder = held.get(address);
          if (holder !== undefined && holder.until > now) expect(holder.device).toBe(device);
          expect(address).toMatch(/^10\.99\.0\.10[0-5]$/);
          held.set(address, { device, until: now + LEASE_MS });
        };
        for (const each of acts) {
          if (each.act === "wait") {
            now += each.minutes * 60_000;
            continue;
          }
          const device = mac(each.device);
          if (each.act === "take") {
            const address = take(pool, { device, known: each.known }, now, 2);
            if (address !== null) leased(address, device);
          } else if (each.act === "lease") {
            if (pool.lease({ device, known: each.known }, each.address, 2, now)) leased(each.address, device);
          } else if (each.act === "release") {
            if (pool.release(device, each.address)) held.delete(each.address);
          } else if (pool.decline(device, each.address, now)) held.delete(each.address);
          const { offered, leased: count, declined, free } = pool.counts(now);
          expect(offered + count + declined + free).toBe(6);
          expect(free).toBeGreaterThanOrEqual(0);
        }
      }),
      { numRuns: 300 },
    );
  });

  it("gives every address of its range out, and stays that small", () => {
    const pool = range("10.99.0.0", "10.99.15.255");
    const given = new Set(Array.from({ length: 4096 }, (_, number) => take(pool, known(number))));
    expect(given.size).toBe(4096);
    expect(take(pool, known(5000))).toBeNull();
  });
});
