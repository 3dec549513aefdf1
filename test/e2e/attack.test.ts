import { beforeAll, describe, expect, test } from "vitest";
import { buildImage, type Drilled, deviations, drill } from "./run-drill.ts";

describe("a hostile machine on the recovery LAN", () => {
  let drilled: Drilled;
  beforeAll(async () => {
    buildImage();
    drilled = await drill("--scenario", "attacker");
  });

  test.each([
    ["T1: asks for a recovery password without hello", "T1-no-hello"],
    ["T1: says hello with an invented boot token", "T1-invented-token"],
    ["T1: says hello as the device that is being rescued", "T1-as-the-victim"],
    ["T1: asks for another device's key protector", "T1-foreign-protector"],
    ["T1: asks for a volume that it never listed", "T1-unlisted-volume"],
    ["T1: has its attempts in the ledger, each with its reason", "T1-on-record"],
    ["T1: has nothing released to it", "T1-nothing-released"],
    ["T2: replays a used boot token", "T2-replayed-token"],
    ["T2: asks for image and token without a boot exchange", "T2-http-stranger"],
    ["T5: asks for a boot file without a boot exchange", "T5-tftp-stranger"],
    ["T12: walks paths over TFTP", "T12-tftp-paths"],
    ["T12: sends malformed TFTP requests and wild options", "T12-tftp-rubbish"],
    ["T12: walks paths over HTTP and HTTPS", "T12-http-paths"],
    ["T13: sends truncated and oversized DHCP packets", "T13-malformed-dhcp"],
    ["T13: has its malformed packets counted", "T13-counted"],
    ["T16: sends malformed and oversized HTTP requests", "T16-http-rubbish"],
    ["T16: holds slow connections open", "T16-slow-clients"],
  ])("%s, and gains nothing", (_what, id) => {
    const check = drilled.report.scenarios[0]!.checks.find((each) => each.id === id);
    expect(check).toMatchObject({ id, passed: true });
  });

  test("does not disturb the rescue that goes on meanwhile", () => {
    expect(deviations(drilled)).toEqual([]);
    expect(drilled.report.scenarios[0]!.devices).toMatchObject([{ outcome: "rescued", rescued: true }]);
  });
});
