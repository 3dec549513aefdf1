import { expect, it } from "vitest";
import { Transfers } from "../../src/explain/capture/transfers.ts";
import type { LoadSeen } from "../../src/explain/seen.ts";
import { encodeTftp, type TftpPacket } from "../../src/tftp/packet.ts";
import { parseIpv4 } from "../../src/wire/ipv4.ts";

it("a window that a capture on the station shows as one long datagram is as many blocks as it holds", () => {
  const device = { address: parseIpv4("10.99.0.101"), port: 2000, mac: null };
  const station = { address: parseIpv4("10.99.0.2"), port: 40_000, mac: null };
  const loads: LoadSeen[] = [];
  const transfers = new Transfers();
  let frame = 0;
  const says = (from: typeof device, to: typeof device, payload: Uint8Array) => {
    frame += 1;
    const length = { payload, payloadLength: payload.length, fragmented: false };
    transfers.hear({ ...{ at: frame, frame, from, to }, ...length }, (load) => loads.push(load));
  };
  const data = (block: number, length: number) => encodeTftp({ opcode: "DATA", block, data: new Uint8Array(length) });
  const ack = (block: number): TftpPacket => ({ opcode: "ACK", block });
  const options = [
    ["blksize", "1000"],
    ["windowsize", "2"],
  ] as const;
  const question = encodeTftp({ opcode: "RRQ", filename: "grubx64.efi", mode: "octet", options });
  says(device, { ...station, port: 69 }, question);
  says(station, device, encodeTftp({ opcode: "OACK", options }));
  says(device, station, encodeTftp(ack(0)));
  says(station, device, Buffer.concat([data(1, 1000), data(2, 1000)]));
  says(device, station, encodeTftp(ack(2)));
  says(station, device, Buffer.concat([data(3, 1000), data(4, 7)]));
  says(device, station, encodeTftp(ack(4)));
  expect(loads).toMatchObject([{ ending: "finished", lastBlock: 4, bytes: 3007, blocksRepeated: 0 }]);
});
