import { describe, expect, it } from "vitest";
import { decodePacket, encodePacket } from "../../src/dhcp/packet.ts";
import { pcapFrames } from "../../src/explain/capture/pcap.ts";
import { Tap } from "../../src/explain/capture/tap.ts";
import { dhcpSeen } from "../../src/explain/dhcp-seen.ts";
import { LiveExplainer, type LiveFinding } from "../../src/explain/live.ts";
import type { Seen } from "../../src/explain/seen.ts";
import type { MacAddress } from "../../src/wire/mac.ts";
import { Boot, SITE, UEFI_X86 } from "./boot.ts";
import { memorySource } from "./memory-source.ts";
import { SCENES } from "./scenes.ts";

/** What the station would have been told of, of what was on the wire: here all of it. */
function events(wire: Boot): Seen[] {
  const seen: Seen[] = [];
  const tap = new Tap((each) => seen.push(each));
  const source = memorySource(wire.pcap());
  const magic = new DataView(source.take(4).slice().buffer).getUint32(0, false);
  for (const frame of pcapFrames(magic, source)) tap.hear(frame);
  tap.end();
  return seen.sort((one, two) => one.endedAt - two.endedAt);
}

/** Tells them one after another, and looks every half second, two minutes beyond the last. */
function told(seen: readonly Seen[]): LiveFinding[] {
  const explainer = new LiveExplainer();
  const found: LiveFinding[] = [];
  const end = seen.at(-1)!.endedAt + 120_000;
  let next = 0;
  for (let now = seen[0]!.at; now <= end; now += 500) {
    while (next < seen.length && seen[next]!.endedAt <= now) explainer.see(seen[next++]!);
    found.push(...explainer.look(now));
  }
  return found;
}

const reasons = (found: readonly LiveFinding[]) => found.map(({ finding }) => finding.reason);

describe("the live view", () => {
  it.each([
    "loader-did-nothing",
    "kernel-without-initrd",
    "agent-never-called",
    "agent-tls-refused",
    "never-asked-4011",
    "no-loader-for-architecture",
    "lease-refused",
    "transfer-aborted",
  ] as const)("tells %s, once, while the device is still there", (reason) => {
    expect(reasons(told(events(SCENES[reason]!())))).toEqual([reason]);
  });

  it.each([
    [2, "Itanium UEFI"],
    [6, "32-bit UEFI (x86)"],
    [15, "32-bit UEFI (x86) over HTTP"],
    [27, "RISC-V 64-bit UEFI"],
    [39, "LoongArch 64-bit UEFI"],
    [41, "Raspberry Pi boot ROM (ARM rpiboot)"],
  ])("calls firmware of architecture %i, which there is no loader for, by its name: %s", (architecture, name) => {
    const boot = new Boot();
    const client = name.endsWith("HTTP") ? "HTTPClient" : "PXEClient";
    const vendorClassIdentifier = `${client}:Arch:${`${architecture}`.padStart(5, "0")}:UNDI:003000`;
    boot.firmware = { vendorClassIdentifier, clientSystemArchitecture: [architecture] };
    for (const wait of [4000, 8000]) boot.discover().later(1).lease(SITE).later(wait);
    const found = told(events(boot.discover()));
    expect(reasons(found)).toEqual(["no-loader-for-architecture"]);
    expect(found[0]!.finding.what).toContain(`architecture ${architecture} (${name})`);
  });

  it("tells that a device takes no lease from anyone, after it has asked three times", () => {
    const boot = new Boot();
    for (const wait of [4000, 8000, 16_000]) boot.discover().later(1).proxyOffer().later(wait);
    const [found, ...others] = told(events(boot));
    expect(found!.finding).toMatchObject({
      reason: "offer-ignored-no-lease",
      frames: [
        [1, 5],
        [2, 6],
      ],
    });
    expect(found!.finding.what).toMatch(/accepted no lease/);
    expect(others).toEqual([]);
  });

  it("says nothing about a device that is rescued and comes back healthy", () => {
    const boot = new Boot().image().later(15_000).agent();
    expect(told(events(boot.somethingLater(60_000)))).toEqual([]);
  });

  it("tells a failure again when the device fails in the same way in its next boot", () => {
    const boot = new Boot().exchanged().shimAndGrub().http("GET /vmlinuz", 2000, "200 OK").later(200_000);
    boot.xid += 1;
    boot.exchanged().shimAndGrub().http("GET /vmlinuz", 2000, "200 OK");
    expect(reasons(told(events(boot)))).toEqual(["kernel-without-initrd", "kernel-without-initrd"]);
  });

  it("says nothing of what the station cannot know, or tells in its own words", () => {
    for (const reason of ["lease-not-confirmed", "two-addresses", "relapsed"] as const)
      expect(reasons(told(events(SCENES[reason]!())))).not.toContain(reason);
  });

  it("does not take a script that is loaded a thousand times, by a device that waits for its turn, for the end of its memory", () => {
    const boot = new Boot().exchanged().load("shimx64.efi", 1024).load("grubx64.efi", 1025);
    for (let again = 0; again < 1000; again++) boot.load("/grub/grub.cfg", 1026, { blocks: 1 }).later(1000);
    boot.http("GET /vmlinuz", 2000, "200 OK").http("GET /initrd", 2001, "200 OK").later(9000).agent();
    expect(told(events(boot))).toEqual([]);
  });

  it("T16: is not held up, nor filled, by DISCOVERs in the names of a hundred thousand made-up devices", () => {
    const explainer = new LiveExplainer();
    const boot = new Boot().discover();
    const packet = decodePacket(boot.frames[0]!.bytes.subarray(42));
    const peer = { address: packet.yiaddr, port: 68, mac: null };
    let most = 0;
    for (let made = 0; made < 100_000; made++) {
      const chaddr = new Uint8Array(16);
      new DataView(chaddr.buffer).setUint32(2, made);
      const seen = dhcpSeen({ ...packet, chaddr }, { at: made, frame: null, from: peer, to: { ...peer, port: 67 } });
      explainer.see(seen!);
      if (made % 500 === 0) most = Math.max(most, explainer.look(made).length);
    }
    expect(most).toBeLessThanOrEqual(64);
    expect(explainer.size).toBeLessThanOrEqual(1024);
    // Nor does what it still meant to look at grow: who comes after them is looked at within seconds.
    const late = new Boot();
    late.firmware = UEFI_X86;
    late.discover();
    const asked = decodePacket(late.frames[0]!.bytes.subarray(42));
    explainer.see(dhcpSeen(asked, { at: 100_000, frame: null, from: peer, to: { ...peer, port: 67 } })!);
    const found: LiveFinding[] = [];
    for (let now = 100_000; now < 120_000; now += 500) found.push(...explainer.look(now));
    expect(reasons(found)).toContain("no-loader-for-architecture");
  });

  it("T16: takes no notice of TFTP from addresses that no device was seen to have", () => {
    const seen = events(new Boot().notFound("anything", 1024).somethingLater(20_000));
    expect(seen.length).toBeGreaterThan(0);
    expect(told(seen)).toEqual([]);
  });
});

describe("an event of the station", () => {
  it("keeps nothing of a packet that could grow: a long boot file name is cut", () => {
    const boot = new Boot().discover();
    const packet = decodePacket(boot.frames[0]!.bytes.subarray(42));
    const options = {
      ...packet.options,
      bootfileName: "x".repeat(2000),
      vendorClassIdentifier: `PXEClient:${"y".repeat(900)}`,
    };
    const where = { address: packet.yiaddr, port: 67, mac: null as MacAddress | null };
    const long = decodePacket(encodePacket({ ...packet, options }));
    const seen = dhcpSeen(long, { at: 0, frame: null, from: where, to: where });
    expect(JSON.stringify(seen).length).toBeLessThan(2000);
  });
});
