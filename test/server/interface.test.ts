import type { NetworkInterfaceInfo } from "node:os";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { findInterfaces } from "../../src/server/interface.ts";
import { linkState, watchInterfaces } from "../../src/server/interface-watch.ts";
import { noticeText } from "../../src/station/notice.ts";
import { parseIpv4 } from "../../src/wire/ipv4.ts";
import { parseMac } from "../../src/wire/mac.ts";

const netmask = "255.255.255.0";
const info = (address: string): NetworkInterfaceInfo => ({
  ...{ address, netmask, family: "IPv4", mac: "52:54:00:00:00:fe", internal: false, cidr: `${address}/24` },
});
const lan = {
  name: "lan0",
  address: parseIpv4("10.99.0.2"),
  netmask: parseIpv4(netmask),
  mac: parseMac("52:54:00:00:00:fe"),
};

describe("an interface", () => {
  it("is up, or down, or has lost the station's address", () => {
    expect(linkState(lan, { lan0: [info("10.99.0.2")] })).toBe("up");
    expect(linkState(lan, { lan0: [info("10.99.0.7"), info("10.99.0.2")] })).toBe("up");
    expect(linkState(lan, { lan0: [info("10.99.0.7")] })).toBe("no-address");
    expect(linkState(lan, { other: [info("10.99.0.2")] })).toBe("down");
  });
});

describe("the watch over the interfaces", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it("tells each change once, counts the losses, and calls when one is back with its address", () => {
    let found: NodeJS.Dict<NetworkInterfaceInfo[]> = { lan0: [info("10.99.0.2")] };
    const [notices, back]: [string[], string[]] = [[], []];
    const watch = watchInterfaces([lan], {
      onNotice: (notice) => notices.push(noticeText(notice)),
      onBack: ({ name }) => back.push(name),
      look: () => found,
    });
    const withThese = (next: typeof found) => {
      found = next;
      vi.advanceTimersByTime(3000);
      return notices.splice(0);
    };
    expect(withThese(found)).toEqual([]);
    expect(withThese({})).toEqual([expect.stringContaining("lan0 is down")]);
    expect(withThese({ lan0: [info("10.99.0.7")] })).toEqual([
      expect.stringContaining("no longer has the address 10.99.0.2"),
    ]);
    expect(back).toEqual([]);
    expect(withThese({ lan0: [info("10.99.0.2")] })).toEqual([
      expect.stringContaining("lan0 is up again with 10.99.0.2"),
    ]);
    expect(back).toEqual(["lan0"]);
    expect(watch.losses).toBe(1);
    watch.close();
    expect(withThese({})).toEqual([]);
  });
});

describe("the interfaces that an operator names", () => {
  it("must each be there", () => {
    expect(() => findInterfaces(["nowhere0"], [])).toThrow(/There is no interface nowhere0/);
    expect(() => findInterfaces(["nowhere0", "nowhere1"], [])).toThrow(/There is no interface nowhere0/);
  });
});
