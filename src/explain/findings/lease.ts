import { BOOT_TABLE } from "../../boot/table.ts";
import { ARCHITECTURE_NAMES, Architecture } from "../../dhcp/registry.ts";
import { ANY_ADDRESS, type Ipv4 } from "../../wire/ipv4.ts";
import { boots, dhcpOf, firmwareAsks, isHttp, isWhole, leases, loadsOf, serverOf } from "../attempt.ts";
import type { DhcpSeen, Peer } from "../seen.ts";
import { seconds } from "../text.ts";
import { latest, listed, type Proof, quiet, type Rule, type Scene, timesSent } from "./finding.ts";

/** How long DHCP servers take at most: they try the address first (RFC 2131 section 3.1), 3 s by default at some. */
const ANSWER_MS = 4_000;
const X86_32_BIT: ReadonlySet<number> = new Set([Architecture.uefiX86, Architecture.uefiX86Http]);

/** The firmware's DISCOVERs, if it asked often or long enough for an answer, and got no further. */
export function asksInVain(scene: Scene): DhcpSeen[] | null {
  const { attempt } = scene;
  const asks = firmwareAsks(attempt, "DISCOVER");
  // Without an answer firmware goes on to its disk, and if Windows comes up from there all is as it should be.
  if (asks.length === 0 || loadsOf(attempt).length > 0 || attempt.windows) return null;
  if (dhcpOf(attempt, "REQUEST").some(({ program }) => program === "firmware" || program === "ipxe")) return null;
  // Asking once more shows that it has heard nothing that it could use.
  const patience = timesSent(asks) > 1 ? ANSWER_MS : 2 * ANSWER_MS;
  return quiet(scene, asks[0]!.at, patience) ? asks : null;
}

export const noLoaderForArchitecture: Rule = (scene) => {
  const { attempt } = scene;
  const { architecture, firmware } = attempt;
  if (architecture === null || (BOOT_TABLE.get(architecture)?.boots ?? null) !== null) return null;
  const asks = firmwareAsks(attempt, "DISCOVER");
  if (asks.length === 0 || loadsOf(attempt).length > 0 || attempt.windows) return null;
  if (!quiet(scene, asks[0]!.at, ANSWER_MS)) return null;
  const name = ARCHITECTURE_NAMES.get(architecture) ?? firmware;
  const is32Bit = X86_32_BIT.has(architecture);
  return {
    what: `The firmware reports architecture ${architecture}${name === null ? "" : ` (${name})`}, and the station has no loader for that. The device loaded nothing.`,
    cure: is32Bit
      ? "32-bit UEFI cannot boot the recovery image: Debian 13, which the image is made of, has no signed shim for it. Look in the firmware setup for another network boot entry (legacy BIOS, or 64-bit UEFI). Without one, rescue the device by hand in Windows' own recovery (WinRE)."
      : "This kind of device is not supported: the recovery image is for x64 and ARM64. If the name is wrong for this device, update its firmware. If it runs Windows, rescue it by hand in Windows' own recovery (WinRE).",
    by: asks,
  };
};

export const infiniBand: Rule = (scene) => {
  const { attempt } = scene;
  const asks = firmwareAsks(attempt, "DISCOVER").filter((each) => each.infiniBand);
  if (asks.length === 0 || loadsOf(attempt).length > 0 || attempt.windows) return null;
  if (!quiet(scene, asks[0]!.at, ANSWER_MS)) return null;
  return {
    what: "The firmware asks over InfiniBand (hardware type 32, RFC 4390), and the station answers devices on Ethernet only. The device loaded nothing.",
    cure: "Boot the device from an Ethernet port: choose another network card in its boot menu, or set the adapter's port to Ethernet (mlxconfig: LINK_TYPE_P1=2).",
    by: asks,
  };
};

/** The device's questions and the answers to it are in different VLANs: a firmware's card does not hear those. */
export const otherVlan: Rule = (scene) => {
  const asks = asksInVain(scene);
  const offers = dhcpOf(scene.attempt, "OFFER").filter(({ giaddr }) => giaddr === ANY_ADDRESS);
  if (asks === null || offers.length === 0 || scene.view === "station") return null;
  const [{ vlan }] = asks.map(({ from }) => from) as [Peer];
  if (vlan === "several" || asks.some(({ from }) => from.vlan !== vlan)) return null;
  if (offers.some(({ from }) => from.vlan === vlan || from.vlan === "several")) return null;
  const named = (tag: Peer["vlan"]) => (tag === undefined ? "without a VLAN tag" : `in VLAN ${tag}`);
  return {
    what: `The device asks ${named(vlan)}, and the answers of ${listed(offers.map(serverOf))} are ${listed(offers.map((each) => named(each.from.vlan)))}: the device does not hear them.`,
    cure: "Set the device's switch port to the VLAN of the DHCP server and the station, untagged (access port). If this capture is of a trunk, check the native VLAN at both of its ends: it must be the same.",
    by: [...asks, ...offers],
  };
};

export const nobodyAnswered: Rule = (scene) => {
  if (noLoaderForArchitecture(scene) !== null || infiniBand(scene) !== null) return null;
  const asks = asksInVain(scene);
  if (asks === null || dhcpOf(scene.attempt, "OFFER").length > 0) return null;
  return {
    what: `The device asked ${timesSent(asks)} times for an address and a boot server, and got no answer: no DHCP server and no station.`,
    cure: "Is the station running (breakglass serve) and the campaign armed, with this device in it? Is there a DHCP server on this LAN? Are device, station and server in the same VLAN, and is the switch port past its spanning tree delay (portfast)?",
    by: asks,
  };
};

export const noLease: Rule = (scene) => {
  const asks = asksInVain(scene);
  const offers = dhcpOf(scene.attempt, "OFFER");
  if (asks === null || offers.length === 0 || leases(scene.attempt, "OFFER").length > 0) return null;
  if (otherVlan(scene) !== null) return null;
  // One unanswered DISCOVER is not enough for the station: it does not hear all answers, but it would hear a REQUEST.
  if (scene.view === "station" && timesSent(asks) < 3) return null;
  const servers = listed(offers.map(serverOf));
  return {
    what: `The firmware ignored the boot offer of ${servers}: it got no address from a DHCP server, and without an address it accepts no boot offer. It asked ${timesSent(asks)} times${scene.view === "station" ? " and accepted no lease" : ""}; no second DHCP server was seen.`,
    cure: "Put a DHCP server on this LAN (the site's own, or a router's), or let the station hand out addresses (breakglass serve --dhcp-range). If there is a DHCP server: its pool is full, or it is in another VLAN.",
    by: [...asks, ...offers],
  };
};

export const leaseNotTaken: Rule = (scene) => {
  const asks = asksInVain(scene);
  const [offer] = leases(scene.attempt, "OFFER");
  if (asks === null || offer === undefined || relayNotEchoed(scene) !== null || otherVlan(scene) !== null) return null;
  // Firmware lets a lease pass with which it has nothing to boot: that is another failure.
  const http = scene.attempt.over === "http";
  const bootable = dhcpOf(scene.attempt, "OFFER").filter((each) => (http ? isHttp(each) : boots(each)));
  const ask = asks.find(({ endedAt, times }) => times > 1 && endedAt > offer.at);
  if (ask === undefined || bootable.length === 0 || bootable.some(({ bootMenu }) => bootMenu)) return null;
  // The boot comes from a proxy alone.
  const apart = bootable.every(({ yiaddr }) => yiaddr === ANY_ADDRESS);
  return {
    what: `${serverOf(offer)} offered the device ${offer.yiaddr}, ${listed(bootable.map(serverOf))} offered to boot it, but it kept asking (${timesSent(asks)} times) as if it had heard neither.`,
    cure: `The answers do not reach the device: check the switch (DHCP snooping trusts only known server ports; port isolation; another VLAN on the way back), and the cable.${apart ? " If other devices boot here, this firmware ignores a boot offer that comes separately from the lease (Dell T130/T430, older HP): update it, try UEFI HTTP Boot, or let one server do both (switch the site's DHCP server off and start the station with --dhcp-range)." : ""}`,
    by: [ask, offer, ...bootable],
  };
};

export const leaseRefused: Rule = ({ attempt }) => {
  const naks = dhcpOf(attempt, "NAK");
  if (naks.length === 0) return null;
  const [asked] = dhcpOf(attempt, "REQUEST").filter(({ xid }) => xid === naks[0]!.xid);
  const address = asked?.requestedAddress ?? asked?.ciaddr;
  return {
    what: `${listed(naks.map(serverOf))} refused the device its lease (DHCPNAK)${address === undefined || address === null || address === ANY_ADDRESS ? "" : ` of ${address}`}.`,
    cure: "Two DHCP servers with different pools answer on this LAN, or the device remembers an address from another one. Leave only one DHCP server running, then boot the device again.",
    by: asked === undefined ? naks : [asked, ...naks],
  };
};

export const addressTaken: Rule = ({ attempt }) => {
  const declines = dhcpOf(attempt, "DECLINE");
  if (declines.length === 0) return null;
  const address = declines[0]!.requestedAddress;
  return {
    what: `The device returned its lease (DHCPDECLINE): another machine already uses ${address ?? "that address"}.`,
    cure: `Find the machine with ${address ?? "the address"} (arping, the switch's table): it has a fixed address inside the DHCP pool. Remove the address from the pool, and boot the device again.`,
    by: declines,
  };
};

export const leaseNotConfirmed: Rule = (scene) => {
  const { attempt } = scene;
  const asks = firmwareAsks(attempt, "REQUEST").filter(({ bootServer }) => !bootServer);
  if (asks.length === 0 || loadsOf(attempt).length > 0) return null;
  const answered = [...dhcpOf(attempt, "ACK"), ...dhcpOf(attempt, "NAK")].some(({ bootServer }) => !bootServer);
  const further = dhcpOf(attempt, "REQUEST").some(({ bootServer }) => bootServer);
  if (answered || further || !quiet(scene, latest(asks), ANSWER_MS) || relayNotEchoed(scene) !== null) return null;
  const server = asks.at(-1)!.serverIdentifier;
  return {
    what: `The device accepted the lease that ${server ?? "a DHCP server"} offered, asked for it ${timesSent(asks)} times within ${seconds(latest(asks) - asks[0]!.at)}, and got no answer.`,
    cure: "Look at that DHCP server's log: its pool is full, it is one of a failover pair that lost the other, or its answer is blocked on the way.",
    by: asks,
  };
};

/** The device took an address of another network than the boot server's, though it was offered one of that. */
export const rogueLease: Rule = ({ attempt }) => {
  const [taken] = leases(attempt, "ACK").filter(({ giaddr }) => giaddr === ANY_ADDRESS);
  if (taken === undefined || loadsOf(attempt).some(isWhole) || attempt.windows) return null;
  const proxy = dhcpOf(attempt, "OFFER").find((each) => each.yiaddr === ANY_ADDRESS && boots(each));
  const offers = leases(attempt, "OFFER").filter((each) => serverOf(each) !== serverOf(taken));
  const right = offers.find(({ yiaddr }) => proxy !== undefined && near(yiaddr, serverOf(proxy)));
  if (proxy === undefined || right === undefined || near(taken.yiaddr, serverOf(proxy))) return null;
  return {
    what: `Two DHCP servers offered the device an address of different networks: ${serverOf(right)} (${right.yiaddr}) and ${serverOf(taken)} (${taken.yiaddr}). It took the second, which is not in the network of the boot server ${serverOf(proxy)}.`,
    cure: `Find the machine ${serverOf(taken)}${taken.from.mac === null ? "" : ` (MAC ${taken.from.mac})`} and switch its DHCP server off: it is often a router that somebody plugged in. Then boot the device again.`,
    by: [right, taken, proxy],
  };
};

/** As far as addresses alone show it: the same first three bytes. */
function near(one: Ipv4, two: Ipv4): boolean {
  const network = (address: Ipv4) => address.slice(0, address.lastIndexOf("."));
  return network(one) === network(two);
}

/** RFC 3046 section 2.1: a relay drops an answer that does not bring its option 82 back. */
export function relayNotEchoed(scene: Scene): Proof | null {
  const { attempt } = scene;
  if (loadsOf(attempt).length > 0) return null;
  for (const ask of dhcpOf(attempt)) {
    if (
      !ask.relayInformation ||
      ask.giaddr === ANY_ADDRESS ||
      (ask.message !== "DISCOVER" && ask.message !== "REQUEST")
    )
      continue;
    const answer = dhcpOf(attempt).find(
      (each) =>
        (each.message === "OFFER" || each.message === "ACK") &&
        each.xid === ask.xid &&
        !each.relayInformation &&
        // What the relay passes on to the device is without it, as it should be.
        each.to.address === each.giaddr &&
        each.giaddr === ask.giaddr &&
        each.at >= ask.at,
    );
    if (answer === undefined || !quiet(scene, answer.at, ANSWER_MS)) continue;
    return {
      what: `The relay ${ask.giaddr} added option 82 to the question, and ${serverOf(answer)} answered without it. The relay drops such answers, and the device loaded nothing.`,
      cure: `Make ${serverOf(answer)} return option 82 (RFC 3046), or switch option 82 off at the relay ${ask.giaddr}.`,
      by: [ask, answer],
    };
  }
  return null;
}
