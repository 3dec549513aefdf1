import fc from "fast-check";
import { expect, it } from "vitest";
import { macOfLinkLocal } from "../../src/wire/link-local.ts";
import { macFromBytes } from "../../src/wire/mac.ts";

it("an Ethernet address is read from the link-local address that was made of it, with or without a zone", () => {
  expect(macOfLinkLocal("fe80::5054:ff:fe12:3456%lan0")).toBe("52:54:00:12:34:56");
  expect(macOfLinkLocal("fe80::2c9:ff:fe00:1")).toBe("00:c9:00:00:00:01");
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 6, maxLength: 6 }), ([one, two, three, four, five, six]) => {
      const word = (high: number, low: number) => ((high << 8) | low).toString(16);
      const groups = [word(one! ^ 2, two!), word(three!, 0xff), word(0xfe, four!), word(five!, six!)];
      expect(macOfLinkLocal(`fe80::${groups.join(":")}`)).toBe(
        macFromBytes(Uint8Array.of(one!, two!, three!, four!, five!, six!)),
      );
    }),
  );
});

it("no other address has one: a private identifier, another network, no address at all", () => {
  for (const address of [
    "fe80::1",
    "fe80::1:2:3:4",
    "2001:db8::5054:ff:fe12:3456",
    "::",
    "10.99.0.2",
    "",
    "fe80::5054:ff:fe12:3456:1",
  ])
    expect(macOfLinkLocal(address), address).toBeNull();
});
