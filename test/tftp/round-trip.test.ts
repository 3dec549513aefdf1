import { describe, expect, it } from "vitest";
import { NO_SAMPLE, type RoundTrip, sample, waitFor } from "../../src/tftp/round-trip.ts";
import { OurDevice } from "./devices.ts";
import { simulate } from "./simulated-network.ts";

const learned = (...took: number[]) => took.reduce<RoundTrip>(sample, NO_SAMPLE);

describe("the wait before a resend (RFC 1123 section 4.2.3.2, RFC 6298)", () => {
  it("is the smoothed round trip and four times its variation", () => {
    expect(waitFor(learned(100), 0, null)).toBe(100 + 4 * 50);
    expect(learned(100, 180)).toEqual({ smoothed: 110, variation: 50 + (80 - 50) / 4 });
    expect(waitFor(learned(100, 180), 0, null)).toBe(110 + 4 * 57.5);
  });

  it("doubles with each try, from 20 milliseconds at the least to 4 seconds at the most", () => {
    expect([0, 1, 2].map((tries) => waitFor(learned(0.1), tries, null))).toEqual([20, 40, 80]);
    expect(waitFor(learned(0.1), 12, null)).toBe(4000);
    expect([0, 1, 2, 3].map((tries) => waitFor(NO_SAMPLE, tries, null))).toEqual([1000, 2000, 4000, 4000]);
  });

  it("is at the most what the device asked for (RFC 2349), which stands in for the first second too", () => {
    expect(waitFor(NO_SAMPLE, 0, 3000)).toBe(3000);
    expect(waitFor(learned(100), 9, 1000)).toBe(1000);
    expect(waitFor(NO_SAMPLE, 0, 255_000)).toBe(4000);
  });

  it("is learned, so that over a slow network nothing is sent twice", () => {
    for (const windowSize of [1, 8]) {
      const device = new OurDevice({ blockSize: 100, windowSize });
      const { dataSent, endings } = simulate({ fileBytes: 10_000, device, delay: 300 });
      expect(endings).toEqual([{ kind: "finished" }]);
      expect(dataSent).toBe(101);
    }
  });
});
