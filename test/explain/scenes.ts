import { MessageType, Port } from "../../src/dhcp/registry.ts";
import type { Reason } from "../../src/explain/findings/table.ts";
import type { Ipv4 } from "../../src/wire/ipv4.ts";
import { BIOS, Boot, DEVICE, OPTIONS, OTHER, SITE, STATION, UEFI_HTTP, UEFI_X64, UEFI_X86, WINDOWS } from "./boot.ts";
import { machine } from "./wire.ts";

const RELAY = machine("52:54:00:00:00:fe", "10.98.0.254");
const relayed = { giaddr: RELAY.address, hops: 1 };
const circuit = { relayAgentInformation: Uint8Array.of(1, 4, 0, 0, 0, 7) };
const TWIN = machine(DEVICE.mac, "10.99.0.171");

function storm(): Boot {
  const boot = new Boot().exchanged().rrq("shimx64.efi", 1024).later(1).oack(1024).ack(1024, 0);
  for (let block = 1; block <= 40; block++) {
    boot
      .later(1)
      .data(1024, block, block === 40 ? 9 : 1468)
      .data(1024, block, block === 40 ? 9 : 1468);
    boot.later(1).ack(1024, block);
    if (block < 40) boot.ack(1024, block);
  }
  return boot.load("grubx64.efi", 1025).load("/grub/grub.cfg", 1026, { blocks: 1 });
}

/** Of a hundred blocks each fourth was lost, and sent again after a second. */
function lossy(): Boot {
  const boot = new Boot().exchanged().rrq("shimx64.efi", 1024).later(1).oack(1024).ack(1024, 0);
  for (let block = 1; block <= 100; block++) {
    boot.later(1).data(1024, block, block === 100 ? 9 : 1468);
    if (block % 4 === 0) boot.later(1000).data(1024, block, 1468);
    boot.later(1).ack(1024, block);
  }
  return boot.load("grubx64.efi", 1025).load("/grub/grub.cfg", 1026, { blocks: 1 });
}

/** Failures that cannot be had from the lab's firmware and servers, made by hand from the packets that make them up. */
export const SCENES: Readonly<Partial<Record<Reason, () => Boot>>> = {
  "lease-not-taken": () => {
    const boot = new Boot();
    for (const wait of [4000, 8000, 16_000]) boot.discover().later(1).lease(SITE).proxyOffer().later(wait);
    return boot.discover();
  },
  "lease-refused": () =>
    new Boot()
      .discover()
      .later(1)
      .lease(SITE)
      .proxyOffer()
      .later(3900)
      .ask(MessageType.request, { options: { requestedIpAddress: "192.168.7.20" as Ipv4 } })
      .later(2)
      .answer(SITE, MessageType.nak),
  "lease-not-confirmed": () => {
    const boot = new Boot().discover().later(1).lease(SITE).proxyOffer().later(3900);
    const options = { requestedIpAddress: DEVICE.address, serverIdentifier: SITE.address };
    for (const wait of [4000, 8000, 16_000]) boot.ask(MessageType.request, { options }).later(wait);
    return boot.somethingLater(1);
  },
  "address-taken": () =>
    new Boot()
      .leased()
      .later(500)
      .ask(MessageType.decline, {
        options: { requestedIpAddress: DEVICE.address, serverIdentifier: SITE.address },
      }),
  "relay-option-82-lost": () => {
    const boot = new Boot();
    const asked = () => boot.frames.pop();
    for (const wait of [4000, 8000]) {
      boot.discover({ ...relayed, options: circuit });
      const { bytes } = asked()!;
      // The relay passes it on from its own address and port, to the server alone.
      boot.udp(RELAY, SITE, [Port.server, Port.server], bytes.subarray(42)).later(1);
      boot.lease(SITE, MessageType.offer, { ...relayed, hops: 0 });
      const { bytes: answer } = asked()!;
      boot.udp(SITE, RELAY, [Port.server, Port.server], answer.subarray(42)).later(wait);
    }
    return boot.somethingLater(1);
  },
  "no-loader-for-architecture": () => {
    const boot = new Boot();
    boot.firmware = UEFI_X86;
    for (const wait of [4000, 8000]) boot.discover().later(1).lease(SITE).later(wait);
    return boot.discover();
  },
  infiniband: () => {
    const boot = new Boot();
    // As ISC's dhcpd and Mellanox' FlexBoot write it: RFC 4390's 255, no IAID, a DUID of the vendor, the port's GUID.
    const guid = [0x00, 0x02, 0xc9, 0x03, 0x00, 0x00, 0x10, 0x39];
    const clientIdentifier = Uint8Array.of(255, 0, 0, 0, 0, 0, 2, 0, 0, 2, 0xc9, 0, ...guid);
    const fields = { htype: 32, hlen: 0, chaddr: new Uint8Array(16), options: { clientIdentifier } };
    for (const wait of [4000, 8000, 16_000]) boot.discover(fields).later(wait);
    return boot.somethingLater(1);
  },
  "other-vlan": () => {
    const boot = new Boot();
    for (const wait of [4000, 8000, 16_000])
      boot.discover().tagged(20).later(1).lease(SITE).tagged(30).proxyOffer().tagged(30).later(wait);
    return boot.discover().tagged(20);
  },
  "ipv6-only": () => {
    const boot = new Boot();
    const architecture = [61, Uint8Array.of(0, 7)] as const;
    const text = Buffer.from("PXEClient:Arch:00007:UNDI:003000");
    const vendorClass = [16, Uint8Array.of(0, 0, 1, 0x57, 0, text.length, ...text)] as const;
    for (const wait of [4000, 8000, 16_000]) boot.dhcp6(DEVICE, 1, [vendorClass, architecture]).later(wait);
    return boot.somethingLater(1);
  },
  "http-only-https": () => {
    const boot = new Boot();
    boot.firmware = UEFI_HTTP;
    const options = { vendorClassIdentifier: "HTTPClient", bootfileName: "http://10.99.0.2/shimx64.efi" };
    boot.discover().later(1).lease(SITE).later(1).answer(STATION, MessageType.offer, { options }).later(3900);
    return boot.take(SITE).somethingLater(30_000);
  },
  "path-mtu-smaller": () => {
    const boot = new Boot().exchanged().rrq("shimx64.efi", 1024).later(1).oack(1024).ack(1024, 0).later(1);
    for (const wait of [1000, 2000, 4000, 8000])
      boot.data(1024, 1, 1468).tooLarge(RELAY, STATION, DEVICE, [11_024, 1024], 1400).later(wait);
    return boot.somethingLater(40_000);
  },
  "site-says-pxeclient": () => {
    const options = { vendorClassIdentifier: "PXEClient" };
    const boot = new Boot().discover().later(1).lease(SITE, MessageType.offer, { options }).proxyOffer().later(3900);
    boot.ask(MessageType.request, { options: { serverIdentifier: SITE.address } }).later(2);
    boot.lease(SITE, MessageType.ack, { options }).later(3);
    for (const wait of [2000, 4000, 8000]) boot.askBootServer(SITE).later(wait);
    return boot.somethingLater(1);
  },
  "rogue-lease": () => {
    const router = machine("52:54:00:00:00:77", "192.168.1.1");
    const lease = { yiaddr: "192.168.1.23" as Ipv4 };
    const boot = new Boot().discover().later(1).lease(router, MessageType.offer, lease).lease(SITE).proxyOffer();
    boot
      .later(3900)
      .ask(MessageType.request, { options: { serverIdentifier: router.address } })
      .later(2);
    return boot.lease(router, MessageType.ack, lease).somethingLater(30_000);
  },
  "shared-adapter": () => {
    const boot = new Boot();
    const uuid = (last: number) => ({ clientMachineIdentifier: Uint8Array.of(0, ...new Array(15).fill(7), last) });
    boot.firmware = { ...UEFI_X64, ...uuid(1) };
    boot.exchanged().shimAndGrub().later(60_000);
    boot.firmware = { ...UEFI_X64, ...uuid(2) };
    boot.xid += 1;
    return boot.exchanged().shimAndGrub();
  },
  "never-asked-4011": () => new Boot().leased().somethingLater(20_000),
  "foreign-boot-file": () =>
    new Boot()
      .discover()
      .later(1)
      .lease(SITE, MessageType.offer, { siaddr: OTHER.address, file: "boot\\x64\\wdsmgfw.efi" })
      .proxyOffer()
      .later(3900)
      .take(SITE)
      .load("boot\\x64\\wdsmgfw.efi", 1024, { from: OTHER })
      .load("boot\\x64\\bootmgfw.efi", 1025, { from: OTHER }),
  "answer-from-elsewhere": () => {
    const boot = new Boot().exchanged();
    for (const wait of [4000, 4000, 4000])
      boot.rrq("shimx64.efi", 1024).later(1).oack(1024, OPTIONS, OTHER).later(wait);
    return boot.somethingLater(40_000);
  },
  "options-refused": () =>
    new Boot()
      .exchanged()
      .rrq("shimx64.efi", 1024)
      .later(1)
      .error(STATION, DEVICE, [11_024, 1024], 8, "blksize is too large")
      .somethingLater(20_000),
  "negotiation-aborted": () =>
    new Boot()
      .exchanged()
      .rrq("shimx64.efi", 1024)
      .later(1)
      .oack(1024, [["blksize", "8192"]])
      .later(1)
      .error(DEVICE, STATION, [1024, 11_024], 8, "User aborted the transfer")
      .somethingLater(20_000),
  "windowsize-ignored": () =>
    new Boot()
      .exchanged()
      .load("shimx64.efi", 1024, { blocks: 700, step: 100, granted: [["blksize", "1468"]] })
      .load("grubx64.efi", 1025)
      .load("/grub/grub.cfg", 1026, { blocks: 1 }),
  "block-rollover": () => {
    const none = [] as const;
    const boot = new Boot().exchanged("bootx64.wim").rrq("bootx64.wim", 1024, { options: none }).later(1);
    for (let block = 1; block <= 65_535; block += 16_383)
      boot.data(1024, block, 512).later(1).ack(1024, block).later(1);
    for (let again = 0; again < 5; again++) boot.data(1024, 65_535, 512).later(1000).ack(1024, 65_535).later(1000);
    return boot.somethingLater(40_000);
  },
  "transfer-aborted": () =>
    new Boot()
      .exchanged()
      .rrq("shimx64.efi", 1024)
      .later(1)
      .oack(1024)
      .ack(1024, 0)
      .data(1024, 1, 1468)
      .ack(1024, 1)
      .later(3)
      .error(STATION, DEVICE, [11_024, 1024], 0, "read error")
      .somethingLater(20_000),
  "every-block-twice": storm,
  "lossy-network": lossy,
  "http-refused": () => new Boot().exchanged().shimAndGrub().http("HEAD /vmlinuz", 2000, "405 Method Not Allowed"),
  "loader-did-nothing": () => {
    const boot = new Boot();
    boot.firmware = BIOS;
    return boot.exchanged("undionly.kpxe").load("undionly.kpxe", 1024).somethingLater(30_000);
  },
  "grub-wrong-server": () => {
    const boot = new Boot().exchanged().load("shimx64.efi", 1024).load("grubx64.efi", 1025);
    for (const wait of [4000, 8000, 16_000]) boot.rrq("/grub/grub.cfg", 1026, { to: SITE }).later(wait);
    return boot.somethingLater(40_000);
  },
  "kernel-without-initrd": () =>
    new Boot().exchanged().shimAndGrub().http("GET /vmlinuz", 2000, "200 OK").somethingLater(60_000),
  "agent-never-called": () => new Boot().image().somethingLater(200_000),
  "agent-tls-refused": () =>
    new Boot()
      .image()
      .later(15_000)
      .tls(3000, [
        ["up", [22, 300]],
        ["down", [22, 90], [20, 1], [23, 900]],
        ["up", [20, 1], [23, 19]],
      ]),
  "two-addresses": () => {
    const boot = new Boot().exchanged().shimAndGrub();
    boot.device = TWIN;
    boot.xid += 1;
    return boot.later(60_000).exchanged().shimAndGrub();
  },
  relapsed: () => {
    const boot = new Boot().image().later(15_000).agent().later(60_000);
    const windows = () => {
      boot.firmware = WINDOWS;
      boot.discover().later(1).lease(SITE).later(30);
      boot.take(SITE).later(60_000);
    };
    windows();
    for (let crash = 0; crash < 2; crash++) {
      boot.firmware = { ...new Boot().firmware };
      boot.xid += 1;
      for (const wait of [4000, 8000, 16_000]) boot.discover().later(1).lease(SITE).later(wait);
      boot.later(120_000);
    }
    return boot;
  },
};
