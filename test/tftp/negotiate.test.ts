import { describe, expect, it } from "vitest";
import { negotiate } from "../../src/tftp/negotiate.ts";

const asking = (...options: [string, string][]) => negotiate(options, 1000);

describe("negotiation", () => {
  it("without options is RFC 1350: blocks of 512, one at a time, and no OACK", () => {
    expect(asking()).toEqual({ blockSize: 512, windowSize: 1, timeout: null, accepted: [], sizeAsked: false });
  });

  it("answers in the order and spelling of the question", () => {
    const { accepted } = asking(["TSIZE", "0"], ["BlkSize", "1468"], ["windowsize", "4"]);
    expect(accepted).toEqual([
      ["TSIZE", "1000"],
      ["BlkSize", "1468"],
      ["windowsize", "4"],
    ]);
  });

  it("takes blksize from 8 on, and answers a larger one than there is with the largest", () => {
    expect(asking(["blksize", "8"]).blockSize).toBe(8);
    expect(asking(["blksize", "65464"]).blockSize).toBe(65464);
    expect(asking(["blksize", "65465"])).toMatchObject({ blockSize: 65464, accepted: [["blksize", "65464"]] });
  });

  it("caps windowsize and says so", () => {
    expect(asking(["windowsize", "65535"])).toMatchObject({ windowSize: 64, accepted: [["windowsize", "64"]] });
  });

  it("keeps to the limits it is given", () => {
    const limits = { blockSize: 1024, windowSize: 8 };
    const asked = [["blksize", "1468"] as const, ["windowsize", "16"] as const];
    expect(negotiate(asked, 0, limits)).toMatchObject({ blockSize: 1024, windowSize: 8 });
  });

  it("passes over values outside their RFC's range, and options it does not know", () => {
    const odd = ["7", "0", "-1", "", " 512", "0x200", "1e3", "512 ", "99999999999", "٥١٢"];
    for (const value of odd) expect(asking(["blksize", value]).accepted).toEqual([]);
    expect(asking(["windowsize", "0"], ["timeout", "0"], ["timeout", "256"], ["multicast", ""]).accepted).toEqual([]);
  });

  it("takes the first good one of an option given twice", () => {
    expect(asking(["blksize", "7"], ["blksize", "600"], ["BLKSIZE", "700"])).toMatchObject({
      blockSize: 600,
      accepted: [["blksize", "600"]],
    });
  });

  it("reads timeout in seconds and holds it in milliseconds", () => {
    expect(asking(["timeout", "255"])).toMatchObject({ timeout: 255_000, accepted: [["timeout", "255"]] });
  });
});
