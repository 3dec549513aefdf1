import { expect, it } from "vitest";
import { imageName } from "../../src/boot/image-id.ts";
import { sessionArchive, type Voucher } from "../../src/boot/session-archive.ts";
import { parseIpv4 } from "../../src/wire/ipv4.ts";
import { parseMac } from "../../src/wire/mac.ts";

const device = parseMac("52:54:00:00:00:01");
const archiveFor = (voucher: Voucher) =>
  sessionArchive({ voucher, stationUrl: "https://10.99.0.2:443", caPem: "CA", token: "ab".repeat(32), now: 5_000 });

it("a session is vouched for by the device's own boot exchange, and carries its token and the station's CA", () => {
  const archive = archiveFor({ by: "boot-exchange", device, address: parseIpv4("10.99.0.50") });
  const text = Buffer.from(archive as Uint8Array).toString("latin1");
  expect(text).toContain(`TOKEN=${"ab".repeat(32)}\nTIME=5\nDEVICE=${device}\n`);
});

it("a session that only an operator vouches for is refused by name", () => {
  expect(archiveFor({ by: "operator", device, operator: "ann" })).toBe("operator-voucher-not-supported");
});

it("a WinPE image beside a Linux one of the same architecture has a name of its own", () => {
  expect(imageName({ kind: "linux", architecture: "x64" })).toBe("x64");
  expect(imageName({ kind: "winpe", architecture: "x64" })).toBe("winpe-x64");
});
