import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { formatRecoveryPassword, parseRecoveryPassword } from "../src/bitlocker/recovery-password.ts";
import { arm } from "../src/campaign/command.ts";
import { timelineLine } from "../src/dashboard/timeline.ts";
import { type DhcpPacket, decodePacket, encodePacket } from "../src/dhcp/packet.ts";
import { BROADCAST_FLAG, ETHERNET, MessageType, Op } from "../src/dhcp/registry.ts";
import { createVault } from "../src/escrow/vault.ts";
import { parseInventory } from "../src/fleet/read-inventory.ts";
import type { Entry } from "../src/ledger/entry.ts";
import { openLedger } from "../src/ledger/open-ledger.ts";
import { verifyLedger } from "../src/ledger/verify.ts";
import { REMEDIES } from "../src/remedy/library.ts";
import { remedySha256 } from "../src/remedy/remedy.ts";
import { type Answer, decodeAnswer, encodeRequest, type Request } from "../src/rescue/message.ts";
import { BootFiles } from "../src/station/boot-files.ts";
import { BootServer } from "../src/station/boot-server.ts";
import { Desk } from "../src/station/desk.ts";
import { LoadTurns } from "../src/station/load-turns.ts";
import { Rescuer } from "../src/station/rescuer.ts";
import { negotiate } from "../src/tftp/negotiate.ts";
import { begin, step } from "../src/tftp/transfer.ts";
import { decodeCpio } from "../src/wire/cpio.ts";
import { parseGuid } from "../src/wire/guid.ts";
import { ANY_ADDRESS, parseIpv4 } from "../src/wire/ipv4.ts";
import { macToBytes, parseMac } from "../src/wire/mac.ts";
import { Secret } from "../src/wire/secret.ts";
import { toldTo } from "./station/told.ts";

// The cast and the props. Nothing here has a socket: the test hands bytes from one side to the other.
const device = parseMac("52:54:00:00:00:01");
const leased = parseIpv4("10.99.0.101");
const station = parseIpv4("10.99.0.2");
const uuid = "4C4C4544-0042-3510-8052-B4C04F4D3132";
const uuidBytes = Uint8Array.from(Buffer.from("0044454c4c4200103580" + "52b4c04f4d3132", "hex"));
const protectorId = parseGuid("24B0AA32-F8D0-40BA-BB05-73A800324C09");
const remedy = REMEDIES.get("channel-file-291")!;
const badFile = {
  path: "Windows/System32/drivers/CrowdStrike/C-00000291-00000000-00000032.sys",
  size: 40_960,
  sha256: "ab".repeat(32),
  mtime: 1_721_362_140,
  header: "aaaaaaaa01002301",
};

it("one rescue, told packet by packet, is what the golden file says", async () => {
  const folder = mkdtempSync(join(tmpdir(), "breakglass-transcript-"));
  const story: string[] = [];
  const tell = (from: string, to: string, text: string) => story.push(`${from.padEnd(8)}> ${to.padEnd(8)} ${text}`);
  let now = Date.UTC(2026, 10, 21, 4, 0, 0);
  let drawn = 0;
  const random = (length: number) => Buffer.alloc(length, ++drawn);

  const clock = () => now;
  const ledger = await openLedger(join(folder, "ledger.sqlite"), { station: "laptop", clock, create: true });
  const passphrase = new Secret("correct horse battery");
  const vault = await createVault(join(folder, "vault.sqlite"), { clock, passphrase, workFactor: 8 });
  const password = parseRecoveryPassword(formatRecoveryPassword(new Uint8Array(16).fill(7)).reveal());
  const unsaid = { deviceId: null, volumeType: null, createdAt: null };
  await vault.deposit({ protectorId, password, deviceName: "PC-1", directory: "Entra", ...unsaid, source: "keys.csv" });
  await vault.unseal(passphrase);

  const desk = new Desk(ledger, (entry: Entry) =>
    story.push(
      `${"".padEnd(8)}  ledger ${String(entry.seq).padStart(2)} ${entry.body.type}: ${timelineLine(entry).text}`,
    ),
  );
  const image = new Map([
    ["shimx64.efi", new Uint8Array(3000)],
    ["grubx64.efi", new Uint8Array(2000)],
    ["vmlinuz", new Uint8Array(9000)],
    ["initrd", new Uint8Array(8000)],
  ]);
  const served = {
    name: "eth0",
    address: station,
    netmask: parseIpv4("255.255.255.0"),
    mac: parseMac("52:54:00:00:00:fe"),
  };
  const notices: string[] = [];
  const bootServer = new BootServer({
    ...{ desk, served, now: clock, httpPort: 80, images: new Set(["x64" as const]), uefiLoader: "shim" },
    onNotice: toldTo(notices, { now: clock }),
  });
  const files = new BootFiles({
    ...{
      desk,
      images: new Map([["x64" as const, image]]),
      ownIpxe: new Map(),
      now: clock,
      random,
      source: { address: station, httpPort: 80 },
      loads: new LoadTurns({ loads: 1, now: clock, onWaiting: () => {} }),
    },
    ...{ stationUrl: `https://${station}:443`, caPem: "(the station's CA)\n" },
  });
  const rescuer = new Rescuer({ desk, ledger, vault, now: clock, random });

  const dhcp = async (port: 67 | 4011, packet: DhcpPacket, what: string) => {
    now += 1000;
    tell("device", "station", what);
    const from = { address: packet.ciaddr, port: port === 67 ? 68 : 4011 };
    const reply = await bootServer.answer({ bytes: encodePacket(packet), port, from });
    if (reply === null) tell("station", "device", "(silence)");
    else tell("station", "device", describe(decodePacket(reply.bytes), reply.to));
  };
  const tftp = (name: string, blksize: string, windowsize: string) => {
    const bytes = files.overTftp(name, leased);
    tell("device", "station", `TFTP RRQ ${name} blksize ${blksize} windowsize ${windowsize}`);
    if (bytes === null) return tell("station", "device", "TFTP ERROR 1 file not found");
    const terms = negotiate(
      [
        ["blksize", blksize],
        ["windowsize", windowsize],
      ],
      bytes.length,
    );
    const { transfer } = begin(bytes, terms, now);
    let rounds = 1;
    for (step(transfer, { opcode: "ACK", block: 0 }, now); !transfer.ended; rounds += 1)
      step(transfer, { opcode: "ACK", block: transfer.sent }, now);
    tell("station", "device", `TFTP OACK, ${bytes.length} bytes in ${transfer.blocks} blocks, ${rounds} round trips`);
  };
  const http = async (name: string) => {
    tell("device", "station", `HTTP GET /${name}`);
    const bytes = await files.overHttp(name, leased, "GET");
    tell("station", "device", bytes === null ? "404" : `200, ${bytes.length} bytes`);
    return bytes;
  };
  const ask = async (request: Request, what: string): Promise<Answer> => {
    now += 1000;
    tell("agent", "station", what);
    const reply = await rescuer.answer(request.verb, encodeRequest(request), "5e".repeat(32), leased);
    const answer = decodeAnswer(reply);
    tell("station", "agent", sayAnswer(answer));
    return answer;
  };
  const chapter = (title: string) => story.push("", `# ${title}`);

  chapter("no campaign is armed: the device gets silence and would go on to its disk");
  await dhcp(67, firmware(MessageType.discover), "DHCPDISCOVER PXEClient:Arch:00007");

  chapter("the operator arms a campaign; the device boots from the network");
  const entry = arm(
    desk.state.campaign,
    {
      ...{ campaign: "2026-11-21-demo", remedy: remedy.id, remedySha256: remedySha256(remedy) },
      ...{ document: { ...remedy }, unknown: "hold", hibernated: "stop" },
      devices: parseInventory(`name,mac\nPC-1,${device}\n`),
    },
    "operator:ada",
  );
  if (typeof entry === "string") throw new Error(entry);
  await ledger.append(entry);
  await dhcp(67, firmware(MessageType.discover), "DHCPDISCOVER PXEClient:Arch:00007");
  await dhcp(67, firmware(MessageType.request), "DHCPREQUEST to the site's DHCP server (broadcast, not ours)");
  await dhcp(4011, { ...firmware(MessageType.request), ciaddr: leased }, "DHCPREQUEST to port 4011");
  tftp("shimx64.efi", "1468", "4");
  tftp("revocations_sbat.efi", "1468", "4");
  tftp("grubx64.efi", "512", "1");
  tftp("grub/grub.cfg", "1024", "1");
  await http("vmlinuz");
  await http("initrd");
  const session = decodeCpio((await http("session.cpio"))!);
  const member = session.find(({ path }) => path === "etc/breakglass/session");
  const lines = member?.kind === "file" ? Buffer.from(member.bytes).toString().trim().split("\n") : [];
  const token = lines.find((line) => line.startsWith("TOKEN="))!.slice(6);
  for (const line of lines)
    story.push(`${"".padEnd(8)}  session.cpio: ${line.replace(token, "<one-time boot token>")}`);

  chapter("the agent says hello, is given one recovery password, and asks for its plan");
  const volumes = [
    { volume: 1, path: "/dev/nvme0n1p3", bytes: 100_663_296, kind: "bitlocker", state: "encrypted" },
  ] as const;
  const protectors = [{ volume: 1, protectorId, type: "recovery-password" }] as const;
  const machine = { uuid: parseGuid(uuid), serial: "SN1", vendor: "Lab", product: "Device", macs: [device] };
  const hello: Request = { verb: "hello", token, pairing: "481-902", machine, secureBoot: "on", volumes, protectors };
  await ask(hello, `hello: token, pairing code 481-902, 1 volume, key protector ID ${protectorId}`);
  await ask({ verb: "unlock", volume: 1, tried: [] }, "unlock volume 1");
  await ask({ verb: "plan" }, "plan?");
  await ask(
    {
      ...{ verb: "report", outcome: "rescued", stages: [] },
      volumes: [{ volume: 1, openedBy: "recovery-password", protectorId, ntfs: "dirty", look: "windows" }],
      files: [{ verdict: "bad", ...badFile }],
      actions: [{ action: "quarantined", to: "Windows/Breakglass-Quarantine/2026-11-21-demo/s/1", ...badFile }],
      verified: [{ is: "absent", path: badFile.path }],
    },
    `report: rescued, ${badFile.path.split("/").at(-1)} quarantined, verified absent`,
  );
  await ask({ verb: "unlock", volume: 1, tried: [] }, "unlock volume 1, after the report");

  chapter("the device reboots; its firmware tries the network once, then Windows comes up");
  await dhcp(67, firmware(MessageType.discover), "DHCPDISCOVER PXEClient:Arch:00007");
  await dhcp(67, windows(), "DHCPDISCOVER MSFT 5.0");

  chapter("what the ledger holds");
  const verdict = await verifyLedger(ledger);
  story.push(
    `verified: ${JSON.stringify(verdict)
      .replace(/"hash":"[0-9a-f]+"/, '"hash":"..."')
      .replace(ledger.ledgerId, "...")}`,
  );
  for (const notice of notices) story.push(`notice: ${notice}`);

  await vault.close();
  await ledger.close();
  rmSync(folder, { recursive: true });
  await expect(`${story.join("\n")}\n`).toMatchFileSnapshot("golden/transcript.txt");
});

function packetOf(options: DhcpPacket["options"]): DhcpPacket {
  const chaddr = new Uint8Array(16);
  chaddr.set(macToBytes(device));
  const addresses = { ciaddr: ANY_ADDRESS, yiaddr: ANY_ADDRESS, siaddr: ANY_ADDRESS, giaddr: ANY_ADDRESS };
  const header = { op: Op.bootRequest, ...ETHERNET, hops: 0, xid: 0x1234, secs: 0, flags: BROADCAST_FLAG };
  return { ...header, ...addresses, chaddr, sname: "", file: "", options };
}

function firmware(dhcpMessageType: number): DhcpPacket {
  return packetOf({
    dhcpMessageType,
    vendorClassIdentifier: "PXEClient:Arch:00007:UNDI:003000",
    clientSystemArchitecture: [7],
    clientNetworkInterfaceIdentifier: Uint8Array.of(1, 3, 0),
    clientMachineIdentifier: Uint8Array.of(0, ...uuidBytes.subarray(1), 0).subarray(0, 17),
  });
}

function windows(): DhcpPacket {
  return packetOf({ dhcpMessageType: MessageType.discover, vendorClassIdentifier: "MSFT 5.0", hostName: "PC-1" });
}

function describe({ options, file, siaddr }: DhcpPacket, to: { address: string; port: number }): string {
  const type = options.dhcpMessageType === MessageType.offer ? "DHCPOFFER (proxy, no address)" : "DHCPACK";
  const what = file === "" ? "" : ` load ${file} from ${siaddr}`;
  return `${type}${what}, vendor class ${options.vendorClassIdentifier}, to ${to.address}:${to.port}`;
}

function sayAnswer(answer: Answer): string {
  switch (answer.answer) {
    case "key":
      return `one recovery password, for key protector ID ${answer.protectorId}: ${answer.password}`;
    case "plan":
      return `the plan: ${answer.plan.remedy} in ${answer.plan.removals.map(({ folder }) => folder).join(", ")}`;
    case "session":
      return `session ${answer.session}`;
    case "done":
      return `done, next: ${answer.next}`;
    default:
      return `${answer.answer} ${answer.reason}`;
  }
}
