import { expect, it } from "vitest";
import { parseLeaseRange, rangeProblem, rangeSize } from "../../src/boot/lease-range.ts";
import { parseIpv4 } from "../../src/wire/ipv4.ts";
import { MalformedError } from "../../src/wire/malformed.ts";

const lan = { address: parseIpv4("10.99.0.2"), netmask: parseIpv4("255.255.255.0") };
const problem = (text: string) => rangeProblem(parseLeaseRange(text), lan);

it("a range is its first and its last address", () => {
  expect(parseLeaseRange("10.99.0.100-10.99.0.199")).toEqual({ first: "10.99.0.100", last: "10.99.0.199" });
  expect(rangeSize(parseLeaseRange("10.99.0.100 - 10.99.0.199"))).toBe(100);
  for (const text of ["", "10.99.0.100", "10.99.0.100-199", "10.99.0.1-10.99.0.2-10.99.0.3", "a-b"])
    expect(() => parseLeaseRange(text)).toThrow(MalformedError);
});

it("a range lies in the station's subnet, without the station itself or an address that nobody can have", () => {
  expect(problem("10.99.0.100-10.99.0.199")).toBeNull();
  expect(problem("10.99.0.254-10.99.0.254")).toBeNull();
  expect(problem("10.99.0.1-10.99.0.100")).toContain("the station's own address 10.99.0.2");
  expect(problem("10.98.0.1-10.98.0.9")).toContain("not in the station's subnet, 10.99.0.0 to 10.99.0.255");
  expect(problem("10.99.0.200-10.99.1.9")).toContain("not in the station's subnet");
  expect(problem("10.99.0.200-10.99.0.255")).toContain("10.99.0.255, which no machine can have");
  expect(problem("10.99.0.0-10.99.0.1")).toContain("10.99.0.0, which no machine can have");
  expect(problem("10.99.0.199-10.99.0.100")).toContain("ends before it begins");
});

it("a range has 65536 addresses at most", () => {
  const wide = { address: parseIpv4("10.0.0.2"), netmask: parseIpv4("255.0.0.0") };
  expect(rangeProblem(parseLeaseRange("10.1.0.0-10.1.255.255"), wide)).toBeNull();
  expect(rangeProblem(parseLeaseRange("10.1.0.0-10.2.0.0"), wide)).toContain("more than 65536");
});
