import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseLeaseRange } from "../../../src/boot/lease-range.ts";
import { replyOfAnother } from "../../../src/boot/other-server.ts";
import { arm } from "../../../src/campaign/command.ts";
import { decodePacket } from "../../../src/dhcp/packet.ts";
import { parseInventory } from "../../../src/fleet/read-inventory.ts";
import type { Ledger } from "../../../src/ledger/ledger.ts";
import { openLedger } from "../../../src/ledger/open-ledger.ts";
import { BootServer } from "../../../src/station/boot-server.ts";
import { Desk } from "../../../src/station/desk.ts";
import { Leases } from "../../../src/station/leases.ts";
import { type Notice, noticeText } from "../../../src/station/notice.ts";
import {
  ANY_ADDRESS,
  type Ipv4,
  ipv4FromBytes,
  isUnicast,
  LIMITED_BROADCAST,
  parseIpv4,
} from "../../../src/wire/ipv4.ts";
import { parseMac } from "../../../src/wire/mac.ts";
import { packetsOf } from "../seeds.ts";
import { must, type Target } from "../target.ts";
import { DHCP_WORDS } from "./dhcp.ts";

/** Longest answer beyond the length of its question: names and addresses of our own, and what fills up to 300 bytes. */
export const ANSWER_GROWTH = 300;

const served = {
  name: "eth0",
  address: parseIpv4("10.99.0.2"),
  netmask: parseIpv4("255.255.255.0"),
  mac: parseMac("525400fe0000"),
};

interface Lab {
  readonly ledger: Ledger;
  readonly folder: string;
  readonly proxy: BootServer;
  readonly leasing: BootServer;
}

let now = Date.UTC(2026, 10, 21);
let lab: Promise<Lab> | null = null;

async function start(): Promise<Lab> {
  const folder = mkdtempSync(join(tmpdir(), "breakglass-fuzz-station-"));
  const clock = () => now;
  const ledger = await openLedger(join(folder, "ledger.sqlite"), { station: "fuzz", clock, create: true });
  const desk = new Desk(ledger, () => {});
  const onNotice = (notice: Notice) => must(/^[ -~]*$/.test(noticeText(notice)), "a notice is printable");
  const devices = parseInventory("name,mac\nPC-1,52:54:00:12:34:56\n");
  const campaign = { campaign: "c1", remedy: "r", remedySha256: "0".repeat(64), document: {}, devices };
  const entry = arm(desk.state.campaign, { ...campaign, unknown: "confirm", hibernated: "stop" }, "operator:fuzz");
  if (typeof entry === "string") throw new Error(entry);
  await desk.record(entry);
  const leases = new Leases(served, parseLeaseRange("10.99.0.100-10.99.0.199"), desk.state);
  leases.open();
  const images = new Set(["x64" as const]);
  const common = { desk, served, now: clock, httpPort: 80, images, uefiLoader: "shim" as const, onNotice };
  return { ledger, folder, proxy: new BootServer(common), leasing: new BootServer({ ...common, leases }) };
}

/** One datagram to a station that is a proxy, and to one that leases addresses. */
const station: Target = {
  name: "boot-server",
  share: 40_000,
  seeds: packetsOf("dhcp"),
  dictionary: DHCP_WORDS,
  longest: 4200,
  async run(input) {
    lab ??= start();
    const { proxy, leasing } = await lab;
    now += 1;
    const stated = input.length >= 28 ? ipv4FromBytes(input.subarray(12, 16)) : ANY_ADDRESS;
    const from = [ANY_ADDRESS, stated, "10.99.0.101", "127.0.0.1", LIMITED_BROADCAST][input.length % 5] as Ipv4;
    const datagram = {
      bytes: input,
      port: input.length % 2 === 0 ? (67 as const) : (4011 as const),
      from: { address: from, port: input.length % 7 === 0 ? 0 : 4011 },
    };
    const words: string[] = [];
    for (const server of [proxy, leasing]) {
      const reply = await server.answer(datagram);
      if (reply !== null) {
        const { address, port } = reply.to;
        must(reply.bytes.length <= input.length + ANSWER_GROWTH, "an answer is hardly longer than its question");
        must(address === LIMITED_BROADCAST || isUnicast(address), "an answer goes to everyone or to one machine");
        must(port > 0, "an answer has a port to go to");
        words.push(
          `${decodePacket(reply.bytes).options.dhcpMessageType} to ${address === LIMITED_BROADCAST ? "all" : "one"}`,
        );
      }
    }
    const other = replyOfAnother(input, from, new Set([served.address]));
    const counted = Object.keys(leasing.counters()).length + Object.keys(proxy.counters()).length;
    return words.length === 0 ? `refused: silence, ${other === null}, ${counted}` : words.join(", ");
  },
  async close() {
    if (lab === null) return;
    const { ledger, folder } = await lab;
    await ledger.close();
    rmSync(folder, { recursive: true });
  },
};

export const STATION: readonly Target[] = [station];
