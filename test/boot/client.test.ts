import { describe, expect, it } from "vitest";
import { identify } from "../../src/boot/client.ts";
import { imageName } from "../../src/boot/image-id.ts";
import { BOOT_TABLE, imageFor } from "../../src/boot/table.ts";
import type { DhcpOptions } from "../../src/dhcp/options.ts";
import { type DhcpPacket, decodePacket } from "../../src/dhcp/packet.ts";
import { MessageType } from "../../src/dhcp/registry.ts";
import { readCapture } from "../capture-file.ts";

const capture = (name: string) => decodePacket(readCapture("dhcp", name).bytes);
const discover = capture("ovmf-discover");
const MAC = "52:54:00:12:34:56";

function withOptions(options: DhcpOptions, packet: DhcpPacket = discover): DhcpPacket {
  return { ...packet, options: { ...packet.options, ...options } };
}
function without(name: keyof DhcpOptions, packet: DhcpPacket = discover): DhcpPacket {
  const { [name]: _, ...options } = packet.options;
  return { ...packet, options };
}
const reason = (packet: DhcpPacket) => {
  const found = identify(packet);
  return found.ours ? "ours" : found.reason;
};

describe("a boot client", () => {
  it("is known by its DISCOVER as captured from OVMF", () => {
    expect(identify(discover)).toEqual({
      ours: true,
      device: MAC,
      uuid: "24B0AA32-F8D0-40BA-BB05-73A800324C09",
      architecture: 7,
      firmware: "uefi-x64-pxe",
      over: "pxe",
      image: { kind: "linux", architecture: "x64" },
      loader: "shimx64.efi",
      asks: "discover",
      program: "firmware",
    });
  });

  it("is the same one on port 4011, now with a request", () => {
    expect(identify(capture("ovmf-boot-request"))).toEqual({ ...identify(discover), asks: "request" });
  });

  it("is x64 whether it sends architecture 7 or 9", () => {
    for (const architecture of [7, 9]) {
      const found = identify(withOptions({ clientSystemArchitecture: [architecture] }));
      expect(found).toMatchObject({ ours: true, firmware: "uefi-x64-pxe", loader: "shimx64.efi", architecture });
    }
  });

  it("may name an architecture of its own before one that is known", () => {
    expect(identify(withOptions({ clientSystemArchitecture: [0x1234, 7] }))).toMatchObject({ architecture: 7 });
  });

  it("may leave out option 97, or get it wrong", () => {
    expect(identify(without("clientMachineIdentifier"))).toMatchObject({ ours: true, uuid: null });
    const odd = withOptions({ clientMachineIdentifier: Uint8Array.of(0, 1, 2) });
    expect(identify(odd)).toMatchObject({ ours: true, uuid: null });
  });

  it("may leave out option 93 where option 60 names the architecture", () => {
    expect(identify(without("clientSystemArchitecture"))).toMatchObject({ ours: true, architecture: 7 });
    const bare = withOptions({ vendorClassIdentifier: "PXEClient" }, without("clientSystemArchitecture"));
    expect(reason(bare)).toBe("architecture-unknown");
  });

  it("may be iPXE asking in the firmware's name", () => {
    const bare = withOptions({ userClass: Buffer.from("iPXE") });
    const item = withOptions({ userClass: Buffer.from("\x04iPXE") });
    const etherboot = withOptions({ other: new Map([[175, Uint8Array.of(0xb1, 1, 1)]]) });
    for (const packet of [bare, item, etherboot]) expect(identify(packet)).toMatchObject({ program: "ipxe" });
  });

  it("is a BIOS with iPXE in its ROM, and UEFI that boots over HTTP, as captured", () => {
    const bios = {
      device: "52:54:00:00:00:b1",
      firmware: "bios-x86-pxe",
      program: "ipxe",
      image: { kind: "linux", architecture: "x64" },
    };
    expect(identify(capture("ipxe-bios-discover"))).toMatchObject(bios);
    const http = { firmware: "uefi-x64-http", over: "http", loader: "shimx64.efi" };
    expect(identify(capture("ovmf-http-discover"))).toMatchObject(http);
  });
});

describe("not ours", () => {
  it("is firmware that there is no loader for, by name", () => {
    const names = [6, 10].map((code) => identify(withOptions({ clientSystemArchitecture: [code] })));
    expect(names).toMatchObject([
      { ours: false, reason: "no-loader", firmware: "uefi-x86-pxe" },
      { ours: false, reason: "no-loader", firmware: "uefi-arm32-pxe" },
    ]);
    const http = withOptions({ clientSystemArchitecture: [15], vendorClassIdentifier: "HTTPClient:Arch:00015:UNDI:3" });
    expect(identify(http)).toMatchObject({ reason: "no-loader", firmware: "uefi-x86-http" });
  });

  it("is an architecture nobody has heard of, or one that does not boot that way", () => {
    expect(reason(withOptions({ clientSystemArchitecture: [0x1234] }))).toBe("architecture-unknown");
    expect(reason(withOptions({ vendorClassIdentifier: "HTTPClient:Arch:00007" }))).toBe("architecture-unknown");
  });

  it("is a device whose Windows is up: DISCOVER, REQUEST or INFORM with MSFT 5.0", () => {
    for (const dhcpMessageType of [MessageType.discover, MessageType.request, MessageType.inform]) {
      const windows = withOptions({ vendorClassIdentifier: "MSFT 5.0", dhcpMessageType });
      expect(identify(windows)).toMatchObject({ reason: "windows", device: MAC });
    }
  });

  it("is not seen as Windows being up when it gives its address back on the way down", () => {
    const release = withOptions({ vendorClassIdentifier: "MSFT 5.0", dhcpMessageType: MessageType.release });
    expect(reason(release)).toBe("not-asking");
  });

  it("is the small Linux of the recovery image, and any other DHCP client", () => {
    expect(reason(withOptions({ vendorClassIdentifier: "udhcp 1.35.0" }))).toBe("udhcp");
    expect(reason(withOptions({ vendorClassIdentifier: "android-dhcp-14" }))).toBe("not-network-boot");
    expect(reason(withOptions({ vendorClassIdentifier: "PXEClientele" }))).toBe("not-network-boot");
    expect(reason(without("vendorClassIdentifier"))).toBe("not-network-boot");
  });

  it("is a reply, or a message without a type", () => {
    expect(reason(capture("dnsmasq-offer"))).toBe("not-asking");
    expect(reason(without("dhcpMessageType"))).toBe("not-asking");
    expect(reason(withOptions({ dhcpMessageType: MessageType.inform }))).toBe("not-asking");
  });

  it("is anything not on Ethernet", () => {
    expect(identify({ ...discover, htype: 32 })).toMatchObject({ reason: "not-ethernet", device: null });
  });
});

describe("the boot table", () => {
  it("has something to boot for BIOS, x64 and arm64, over PXE and over HTTP, and nothing for the others", () => {
    const boots = [...BOOT_TABLE].map(([architecture, row]) => [
      architecture,
      row.boots === null ? null : imageName(row.boots.image),
    ]);
    expect(Object.fromEntries(boots)).toEqual({
      ...{ 0: "x64", 6: null, 7: "x64", 9: "x64", 10: null, 11: "arm64", 15: null, 16: "x64", 19: "arm64" },
    });
  });

  it("gives every loader of its own kind: what is signed for arm64 is never given to x64", () => {
    for (const { firmware, boots } of BOOT_TABLE.values())
      if (boots !== null) expect(boots.loader.includes("aa64")).toBe(firmware.includes("arm64"));
  });

  it("says which image a firmware's word stands for", () => {
    expect(imageFor("uefi-arm64-http")).toEqual({ kind: "linux", architecture: "arm64" });
    expect(imageFor("bios-x86-pxe")).toEqual({ kind: "linux", architecture: "x64" });
    expect(imageFor("uefi-x86-pxe")).toBeNull();
    expect(imageFor("toaster")).toBeNull();
  });
});
