import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { identify } from "../../src/boot/client.ts";
import { type DhcpPacket, decodePacket, encodePacket } from "../../src/dhcp/packet.ts";
import { MessageType } from "../../src/dhcp/registry.ts";
import { ownMounts } from "../../src/drill/lab/own-mounts.ts";
import { readCapture } from "../capture-file.ts";
import { describeWith } from "./needs.ts";

const SITE = "10.99.0.1";
const LEASE = "10.99.0.120";
const folder = mkdtempSync(join(tmpdir(), "breakglass-dhcp-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const script = (name: string) => `${process.execPath} ${join(import.meta.dirname, name)}`;
const discover = decodePacket(readCapture("dhcp", "ovmf-discover").bytes);

/** A network of two machines and no way out: `$site` is this one, `device` runs a command on the other. */
const LAN = `
set -e
ip link set lo up
unshare --net sleep 60 & other=$!
trap 'kill $other $server 2>/dev/null' EXIT
until [ "$(readlink /proc/$other/ns/net)" != "$(readlink /proc/self/ns/net)" ]; do sleep 0.05; done
ip link add lan0 type veth peer name eth0 netns $other
ip addr add ${SITE}/24 brd + dev lan0
ip link set lan0 up
ip route add default dev lan0
device() { nsenter --target $other --net -- "$@"; }
device ip link set eth0 up
serves() { until grep -q ':0043 ' /proc/net/udp; do kill -0 $server; sleep 0.05; done; }
`;
const WITH_ADDRESS = `
device ip addr add 10.99.0.50/24 brd + dev eth0
device ip route add default dev eth0
`;

function onLan(commands: string): string {
  const own = ["--net", ...ownMounts(), "--pid", "--fork", "--kill-child", "--mount-proc"];
  const flags = process.getuid?.() === 0 ? own : ["--user", "--map-root-user", ...own];
  const { status, stdout, stderr } = spawnSync("unshare", [...flags, "sh", "-c", LAN + commands], {
    encoding: "utf8",
    timeout: 60_000,
  });
  expect(status, stderr).toBe(0);
  return stdout;
}

/** What dnsmasq, so configured, answers to one packet. */
function askDnsmasq(packet: DhcpPacket, ...options: string[]): DhcpPacket[] {
  const argv = ["--no-daemon", "--conf-file=/dev/null", "--port=0", "--interface=lan0", "--leasefile-ro", "--no-ping"];
  const hex = Buffer.from(encodePacket(packet)).toString("hex");
  const output = onLan(`${WITH_ADDRESS}
    dnsmasq ${[...argv, ...options].join(" ")} >/dev/null 2>&1 & server=$!
    serves
    device ${script("dhcp-ask.ts")} ${hex}
  `);
  return output
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => decodePacket(new Uint8Array(Buffer.from(line, "hex"))));
}

describeWith(["dnsmasq", "unshare", "ip", "nsenter"], "dnsmasq", () => {
  it("leases an address to a DISCOVER that we encoded, and we read its offer", () => {
    const [offer] = askDnsmasq(
      discover,
      "--dhcp-range=10.99.0.100,10.99.0.199,1h",
      "--dhcp-boot=other.efi,boot.example",
    );
    expect(offer).toMatchObject({
      op: 2,
      xid: discover.xid,
      options: { dhcpMessageType: MessageType.offer, serverIdentifier: SITE },
    });
    expect(offer!.yiaddr).toMatch(/^10\.99\.0\.1\d\d$/);
    expect(offer!.options).toMatchObject({ ipAddressLeaseTime: 3600, subnetMask: "255.255.255.0" });
    // dnsmasq puts both names into options or header fields, as the question's option 55 has it.
    expect(offer!.options.bootfileName ?? offer!.file).toBe("other.efi");
    expect(offer!.options.tftpServerName ?? offer!.sname).toBe("boot.example");
  });

  it("as a foreign proxyDHCP server is recognised by what it offers to PXE clients", () => {
    const [offer] = askDnsmasq(discover, "--dhcp-range=10.99.0.0,proxy", `--pxe-service=x86-64_EFI,rogue,evil.efi`);
    expect(offer).toMatchObject({
      op: 2,
      yiaddr: "0.0.0.0",
      options: { serverIdentifier: SITE, vendorClassIdentifier: "PXEClient" },
    });
    expect(offer!.options.clientMachineIdentifier).toEqual(discover.options.clientMachineIdentifier);
    expect(identify(offer!)).toMatchObject({ ours: false, reason: "not-asking" });
  });
});

describeWith(["busybox", "unshare", "ip", "nsenter"], "busybox udhcpc", () => {
  it("reads every field and option of a reply that we encoded", () => {
    const shows = join(folder, "shows");
    writeFileSync(shows, "#!/bin/sh\nenv\n", { mode: 0o755 });
    const output = onLan(`
      ${script("dhcp-lend.ts")} ${SITE} ${LEASE} >/dev/null & server=$!
      serves
      device busybox udhcpc -i eth0 -f -n -q -t 5 -T 1 -O 66 -O 15 -s ${shows} 2>/dev/null
    `);

    const said = new Map(output.split("\n").map((line) => line.split(/=(.*)/s).slice(0, 2) as [string, string]));
    expect(said.get("ip")).toBe(LEASE);
    expect(said.get("siaddr")).toBe(SITE);
    expect(said.get("serverid")).toBe(SITE);
    expect(said.get("sname")).toBe("station.example");
    expect(said.get("subnet")).toBe("255.255.255.0");
    expect(said.get("lease")).toBe("3600");
    expect(said.get("tftp")).toBe(SITE);
    expect(said.get("boot_file")).toBe("shimx64.efi");
    expect(said.get("domain")).toBe(`${"a".repeat(60)}.`.repeat(5));
  });
});
