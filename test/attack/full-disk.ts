import { rmSync } from "node:fs";
import { join } from "node:path";
import { arm } from "../../src/campaign/command.ts";
import { encodePacket } from "../../src/dhcp/packet.ts";
import { BROADCAST_FLAG, ETHERNET, MessageType, Op } from "../../src/dhcp/registry.ts";
import { parseInventory } from "../../src/fleet/read-inventory.ts";
import { openLedger } from "../../src/ledger/open-ledger.ts";
import { BootServer } from "../../src/station/boot-server.ts";
import { Desk } from "../../src/station/desk.ts";
import { newStationState } from "../../src/station/state.ts";
import { ANY_ADDRESS, type Ipv4, parseIpv4 } from "../../src/wire/ipv4.ts";
import { macToBytes, parseMac } from "../../src/wire/mac.ts";

// A boot server whose ledger is on a small disk: devices ask until it is full and on, then a file makes room for more.
const say = (value: object) => process.stdout.write(`${JSON.stringify(value)}\n`);
process.on("uncaughtException", (error) => say({ crash: error.message }));
process.on("unhandledRejection", (error) => say({ crash: String(error) }));

const [folder, questions] = [process.argv[2]!, Number(process.argv[3])];
let now = Date.UTC(2026, 10, 21);
const clock = () => now;
const ledger = await openLedger(join(folder, "ledger.sqlite"), { station: "test", clock, create: true });
const desk = new Desk(ledger, () => {});
const devices = parseInventory("name,mac\nPC-1,52:54:00:00:00:01\n");
const campaign = { campaign: "c", remedy: "r", remedySha256: "0".repeat(64), document: {}, devices };
const armed = arm(newStationState().campaign, { ...campaign, unknown: "confirm", hibernated: "stop" }, "operator:test");
if (typeof armed === "string") throw new Error(armed);
await desk.record(armed);
const server = new BootServer({
  ...{ desk, httpPort: 80, images: new Set(["x64" as const]), uefiLoader: "shim" as const, onNotice: () => {} },
  served: {
    name: "eth0",
    address: parseIpv4("10.99.0.2"),
    netmask: parseIpv4("255.255.255.0"),
    mac: parseMac("525400fe0000"),
  },
  now: clock,
});

function asked(kind: number, xid: number, ciaddr: Ipv4): Uint8Array {
  const chaddr = new Uint8Array(16);
  chaddr.set(macToBytes(parseMac("52:54:00:00:00:01")));
  const options = {
    ...{ dhcpMessageType: kind, vendorClassIdentifier: "PXEClient:Arch:00007:UNDI:003000" },
    clientSystemArchitecture: [7],
  };
  return encodePacket({
    ...{ op: Op.bootRequest, ...ETHERNET, hops: 0, xid, secs: 0, flags: BROADCAST_FLAG, sname: "", file: "" },
    ...{ ciaddr, yiaddr: ANY_ADDRESS, siaddr: ANY_ADDRESS, giaddr: ANY_ADDRESS, chaddr, options },
  });
}

let xid = 0;
async function ask(questions: number): Promise<void> {
  const outcome = { answered: 0, silent: 0, faults: new Set<string>() };
  for (const until = xid + questions; xid < until; ) {
    xid += 1;
    now += 20_000;
    const address = parseIpv4(`10.99.${1 + (xid >> 8)}.${xid & 0xff || 1}`);
    const bytes = asked(MessageType.request, xid, address);
    const answer = server.answer({ bytes, port: 4011, from: { address, port: 4011 } });
    await answer.then(
      (reply) => (reply === null ? outcome.silent++ : outcome.answered++),
      (error: Error) => outcome.faults.add(error.message),
    );
  }
  say({ ...outcome, faults: [...outcome.faults] });
}

await ask(questions);
rmSync(join(folder, "ballast"));
await ask(5);
process.exit(0);
