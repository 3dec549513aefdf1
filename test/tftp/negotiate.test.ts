import { describe, expect, it } from "vitest";
import { negotiate } from "../../src/tftp/negotiate.ts";

const asking = (...options: [string, string][]) => negotiate(options, 1000);

describe("negotiation", () => {
  it("without options is RFC 1350 section 2: blocks of 512, one at a time, and no OACK", () => {
    expect(asking()).toEqual({ blockSize: 512, windowSize: 1, timeout: null, accepted: [], sizeAsked: false });
  });

  it("takes names in any case, and answers in the order and spelling of the question (RFC 2347)", () => {
    const { accepted } = asking(["TSIZE", "0"], ["BlkSize", "1468"], ["windowsize", "4"]);
    expect(accepted).toEqual([
      ["TSIZE", "1000"],
      ["BlkSize", "1468"],
      ["windowsize", "4"],
    ]);
  });

  it("takes blksize from 8 to 65464, and answers a larger one with the largest (RFC 2348)", () => {
    expect(asking(["blksize", "8"]).blockSize).toBe(8);
    expect(asking(["blksize", "65464"]).blockSize).toBe(65464);
    expect(asking(["blksize", "65465"])).toMatchObject({ blockSize: 65464, accepted: [["blksize", "65464"]] });
  });

  it("answers a windowsize up to 65535 with the one it will use, which is never larger (RFC 7440 section 3)", () => {
    expect(asking(["windowsize", "65535"])).toMatchObject({ windowSize: 64, accepted: [["windowsize", "64"]] });
    expect(asking(["windowsize", "1"])).toMatchObject({ windowSize: 1, accepted: [["windowsize", "1"]] });
  });

  it("keeps to the limits it is given", () => {
    const limits = { blockSize: 1024, windowSize: 8 };
    const asked = [["blksize", "1468"] as const, ["windowsize", "16"] as const];
    expect(negotiate(asked, 0, limits)).toMatchObject({ blockSize: 1024, windowSize: 8 });
  });

  it("passes over values outside their RFC's range, and options it does not know (RFC 2347)", () => {
    const odd = ["7", "0", "-1", "", " 512", "0x200", "1e3", "512 ", "99999999999", "٥١٢"];
    for (const value of odd) expect(asking(["blksize", value]).accepted).toEqual([]);
    expect(
      asking(
        ["windowsize", "0"],
        ["timeout", "0"],
        ["timeout", "256"],
        ["multicast", ""],
        ["rollover", "0"],
        ["utimeout", "500000"],
      ).accepted,
    ).toEqual([]);
  });

  it("takes the first good one of an option given twice, which RFC 2347 forbids", () => {
    expect(asking(["blksize", "7"], ["blksize", "600"], ["BLKSIZE", "700"])).toMatchObject({
      blockSize: 600,
      accepted: [["blksize", "600"]],
    });
  });

  it("answers tsize with the file's size in bytes, past 4 GiB and of an empty file (RFC 2349)", () => {
    for (const size of [0, 1, 0x1_0000_0001, Number.MAX_SAFE_INTEGER])
      expect(negotiate([["tsize", "0"]], size)).toMatchObject({ sizeAsked: true, accepted: [["tsize", `${size}`]] });
  });

  it("takes a timeout of 1 to 255 seconds, and echoes it (RFC 2349)", () => {
    for (const seconds of [1, 255])
      expect(asking(["timeout", `${seconds}`])).toMatchObject({
        timeout: seconds * 1000,
        accepted: [["timeout", `${seconds}`]],
      });
  });
});
