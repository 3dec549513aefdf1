import { describe, expect, it } from "vitest";
import { MessageType } from "../../src/dhcp/registry.ts";
import type { DhcpPort } from "../../src/station/dhcp-datagram.ts";
import { Ears } from "../../src/station/ears.ts";
import { toldTo } from "../station/told.ts";
import { Boot, DEVICE, STATION, UEFI_X86 } from "./boot.ts";
import { SCENES } from "./scenes.ts";

let now = 1_795_492_800_000;
let notices: string[] = [];
let ears: Ears;
const listen = () => {
  notices = [];
  ears = new Ears({ now: () => now, onNotice: toldTo(notices, { now: () => now }) });
};

/** The UDP payloads that were put on the wire. */
const payloads = (boot: Boot) => boot.frames.map(({ bytes }) => bytes.slice(42));
const ask = (bytes: Uint8Array, port: DhcpPort = 67, from = "0.0.0.0") =>
  ears.dhcp({ bytes, port, from: { address: from as typeof DEVICE.address, port: 68 } }, null, STATION.address);

function pass(milliseconds: number): void {
  for (const end = now + milliseconds; now < end; now += 500) ears.look();
}

/** The exchange as the station has it: DISCOVER and its OFFER, the REQUEST for the lease, 4011 and its answer. */
function exchange(): void {
  const [discover, offer] = payloads(new Boot().discover().proxyOffer());
  const everyone = { address: "255.255.255.255" as typeof DEVICE.address, port: 68 };
  const from = { address: "0.0.0.0" as typeof DEVICE.address, port: 68 };
  ears.dhcp({ bytes: discover!, port: 67, from }, { bytes: offer!, to: everyone }, STATION.address);
  const options = { requestedIpAddress: DEVICE.address, serverIdentifier: "10.99.0.1" as typeof DEVICE.address };
  const [request] = payloads(new Boot().ask(MessageType.request, { options }));
  ask(request!);
  const [question, answer] = payloads(new Boot().askBootServer().bootServerAck("shimx64.efi"));
  const device = { address: DEVICE.address, port: 4011 };
  ears.dhcp({ bytes: question!, port: 4011, from: device }, { bytes: answer!, to: device }, STATION.address);
}

const finished = (name: string) =>
  ears.tftp(
    {
      ...{ kind: "finished", name, from: { address: DEVICE.address, port: 1024 } },
      ...{ bytes: 1_000_000, milliseconds: 50, reason: "", message: "" },
    },
    STATION.address,
  );

describe("the station's ears", () => {
  it("tell of firmware that asks over IPv6 only, and not of one that asked over IPv4 too or was heard once", () => {
    const [solicit] = SCENES["ipv6-only"]!().frames.map(({ bytes }) => bytes.subarray(14 + 40 + 8));
    const from = { address: "fe80::5054:ff:fedd:1%lan0", port: 546 };
    const hear = (times: number, address = from.address) => {
      listen();
      for (let time = 0; time < times; time++) {
        ears.dhcp6(solicit!, { ...from, address });
        pass(4000);
      }
      pass(120_000);
      return notices;
    };
    expect(hear(2)).toEqual([expect.stringMatching(/^52:54:00:dd:00:01: ipv6-only: .*IPv6 only.* Do: .*PXE IPv4/)]);
    expect(hear(1)).toEqual([]);
    expect(hear(3, "fe80::1%lan0")).toEqual([]);
    listen();
    exchange();
    ears.dhcp6(solicit!, from);
    ears.dhcp6(solicit!, from);
    pass(120_000);
    expect(notices.filter((text) => text.includes("ipv6-only"))).toEqual([]);
  });

  it("tell of a loader that arrived whole and was not run, with the device's name and what to do", () => {
    listen();
    exchange();
    pass(1000);
    finished("shimx64.efi");
    pass(60_000);
    expect(notices).toEqual([
      expect.stringMatching(
        /^52:54:00:dd:00:01: loader-rejected: The firmware loaded all of shimx64\.efi.* Do: Look at its screen/,
      ),
    ]);
  });

  it("say nothing of a device that loads everything and whose agent calls", () => {
    listen();
    exchange();
    for (const name of ["shimx64.efi", "grubx64.efi", "grub/grub.cfg"]) {
      pass(500);
      finished(name);
    }
    for (const name of ["vmlinuz", "initrd", "session.cpio"]) {
      const over = ears.http(name, DEVICE.address, STATION.address, "sending");
      pass(3000);
      over(true);
    }
    pass(20_000);
    ears.agent(DEVICE.address, STATION.address, false);
    pass(200_000);
    expect(notices).toEqual([]);
  });

  it("tell of an agent whose handshakes are all broken off", () => {
    listen();
    exchange();
    finished("shimx64.efi");
    finished("grubx64.efi");
    for (const name of ["vmlinuz", "initrd"]) ears.http(name, DEVICE.address, STATION.address, "sending")(true);
    for (let attempt = 0; attempt < 3; attempt++) {
      pass(5000);
      ears.agent(DEVICE.address, STATION.address, true);
    }
    pass(20_000);
    expect(notices).toEqual([expect.stringMatching(/agent-tls-refused: .*does not accept that certificate/)]);
  });

  it("do not call a load broken off whose device closed its port with the last block: it went on", () => {
    listen();
    exchange();
    const from = { address: DEVICE.address, port: 1024 };
    const ended = { bytes: 900, milliseconds: 5, reason: "port-closed", message: "" } as const;
    for (const name of ["shimx64.efi", "grubx64.efi"])
      ears.tftp({ kind: "aborted", name, from, ...ended }, STATION.address);
    for (const name of ["vmlinuz", "initrd"]) ears.http(name, DEVICE.address, STATION.address, "sending")(true);
    ears.agent(DEVICE.address, STATION.address, false);
    pass(200_000);
    expect(notices).toEqual([]);
  });

  it("hear what another DHCP server says to everyone: a lease refused", () => {
    listen();
    ask(payloads(new Boot().discover())[0]!);
    const other = new Boot().answer({ ...STATION, address: "10.99.0.1" as typeof DEVICE.address }, MessageType.nak);
    ears.otherServer(payloads(other)[0]!, "10.99.0.1" as typeof DEVICE.address);
    pass(20_000);
    expect(notices).toEqual([expect.stringMatching(/lease-refused: 10\.99\.0\.1 refused/)]);
  });

  it("T16: tell at most twenty findings a minute, however many devices there seem to be", () => {
    listen();
    for (let made = 0; made < 500; made++) {
      const boot = new Boot();
      boot.firmware = UEFI_X86;
      boot.device = {
        ...DEVICE,
        mac: `02:00:00:00:${(made >> 8).toString(16).padStart(2, "0")}:${(made & 255).toString(16).padStart(2, "0")}` as typeof DEVICE.mac,
      };
      ask(payloads(boot.discover())[0]!);
      if (made % 100 === 0) pass(500);
    }
    pass(20_000);
    expect(notices.length).toBe(20);
  });

  it("T16: tell of a device of the inventory all the same", () => {
    notices = [];
    const isKnown = (name: string) => name === DEVICE.mac;
    ears = new Ears({ now: () => now, onNotice: toldTo(notices, { now: () => now, isKnown }) });
    const fail = (mac: string) => {
      const boot = new Boot();
      boot.firmware = UEFI_X86;
      boot.device = { ...DEVICE, mac: mac as typeof DEVICE.mac };
      ask(payloads(boot.discover())[0]!);
    };
    for (let made = 0; made < 100; made++) fail(`02:00:00:00:00:${made.toString(16).padStart(2, "0")}`);
    fail(DEVICE.mac);
    pass(20_000);
    expect(notices.length).toBe(21);
    expect(notices.at(-1)).toMatch(DEVICE.mac);
  });

  it("T16: are not deafened by TFTP that tells nothing", () => {
    listen();
    const from = { address: DEVICE.address, port: 1024 };
    for (let datagram = 0; datagram < 5000; datagram++) {
      ears.tftp({ kind: "malformed", from, reason: "opcode 9" }, STATION.address);
      ears.tftp({ kind: "refused", name: "x", from, reason: "busy" }, STATION.address);
    }
    pass(20_000);
    expect(notices).toEqual([]);
  });

  it("T16: keep no datagrams that are too long for DHCP, and are not deafened by them", () => {
    listen();
    for (let packet = 0; packet < 5000; packet++) ask(new Uint8Array(5000));
    exchange();
    pass(1000);
    finished("shimx64.efi");
    pass(60_000);
    expect(notices).toEqual([expect.stringMatching(/loader-rejected/)]);
  });

  it("T16: tell nothing but that for two minutes after a burst of which not all could be kept: what is missing was not heard", () => {
    listen();
    exchange();
    pass(1000);
    finished("shimx64.efi");
    const [discover] = payloads(new Boot().discover());
    for (let packet = 0; packet < 5000; packet++) ask(discover!);
    pass(90_000);
    const deaf = expect.stringMatching(/^more comes in at once than can be explained/);
    expect(notices).toEqual([deaf]);
    pass(60_000);
    exchange();
    pass(1000);
    finished("shimx64.efi");
    pass(60_000);
    expect(notices).toEqual([deaf, expect.stringMatching(/loader-rejected/)]);
  });

  it("T16: pass over bytes that are no DHCP message, and over TFTP for addresses that no device has", () => {
    listen();
    ask(new Uint8Array(300).fill(0xff));
    for (let port = 1024; port < 1100; port++)
      ears.tftp(
        { kind: "refused", name: "x", from: { address: DEVICE.address, port }, reason: "not-found" },
        STATION.address,
      );
    pass(20_000);
    expect(notices).toEqual([]);
  });
});
