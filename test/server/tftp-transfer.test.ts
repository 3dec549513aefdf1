import { expect, it } from "vitest";
import { TransferSocket } from "../../src/server/tftp-transfer.ts";
import type { SocketEnding } from "../../src/station/tftp-event.ts";
import { negotiate } from "../../src/tftp/negotiate.ts";
import { parseIpv4 } from "../../src/wire/ipv4.ts";

it("T12 a transfer to a forged address that there is no way to fails alone, and the station goes on", async () => {
  const ending = await new Promise<SocketEnding>((onEnd) => {
    const transfer = new TransferSocket({
      // From loopback there is no way to any other network; the kernel says so at connect.
      address: parseIpv4("127.0.0.1"),
      to: { address: parseIpv4("203.0.113.5"), port: 2000 },
      file: new Uint8Array(1000),
      negotiated: negotiate([], 1000),
      onMalformed: () => {},
      onAnswered: () => {},
      onEnd,
    });
    transfer.open();
  });
  expect(ending).toMatchObject({ kind: "failed", reason: "socket-error" });
});
