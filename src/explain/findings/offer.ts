import { ANY_ADDRESS, type Ipv4, isUnicast } from "../../wire/ipv4.ts";
import {
  type Attempt,
  baseName,
  boots,
  dhcpOf,
  firmwareAsks,
  isHttp,
  isWhole,
  leases,
  loadsOf,
  serverOf,
} from "../attempt.ts";
import type { ClosedSeen, DhcpSeen } from "../seen.ts";
import { latest, listed, quiet, type Rule, type Scene, timesSent } from "./finding.ts";
import { asksInVain, infiniBand, noLoaderForArchitecture, otherVlan, relayNotEchoed, rogueLease } from "./lease.ts";

/** Firmware goes on within a second; EDK2 waits up to 4 s for more offers first. */
const GOES_ON_MS = 8_000;
const BIOS = 0;

const answers = (attempt: Attempt) => [...dhcpOf(attempt, "OFFER"), ...dhcpOf(attempt, "ACK")];
const proxyOffers = (attempt: Attempt) =>
  dhcpOf(attempt, "OFFER").filter(({ yiaddr, vendorClass }) => yiaddr === ANY_ADDRESS && vendorClass === "PXEClient");

/** What shows that the device has an address. The station does not hear the site's DHCP server confirm a lease. */
const leaseTaken = ({ attempt, view }: Scene) =>
  view === "wire" ? leases(attempt, "ACK") : firmwareAsks(attempt, "REQUEST").filter(({ bootServer }) => !bootServer);

export const menuOffered: Rule = (scene) => {
  const { attempt } = scene;
  if (attempt.architecture === null || attempt.architecture === BIOS || loadsOf(attempt).length > 0) return null;
  const menus = answers(attempt).filter(({ bootMenu }) => bootMenu);
  if (menus.length === 0 || !quiet(scene, latest(menus), GOES_ON_MS)) return null;
  return {
    what: `The offer of ${listed(menus.map(serverOf))} contained option 43 with a list of boot servers. UEFI firmware treats that as a menu, and this device loaded nothing.`,
    cure: "This server is not the station: the station sends UEFI devices no option 43. Switch PXE off at that server (dnsmasq: no pxe-service lines for UEFI; WDS and others: stop the service), and boot the device again.",
    by: menus,
  };
};

export const foreignBootFile: Rule = ({ attempt }) => {
  const proxies = proxyOffers(attempt);
  const [load] = loadsOf(attempt);
  if (proxies.length === 0 || load === undefined) return null;
  const theirs = leases(attempt, "OFFER").find(
    (offer) => offer.bootFile !== null && proxies.every((proxy) => serverOf(proxy) !== serverOf(offer)),
  );
  const ours = new Set(
    proxies.flatMap(({ siaddr, from, serverIdentifier }) => [siaddr, from.address, serverIdentifier]),
  );
  if (theirs === undefined || ours.has(load.to.address) || baseName(load.name) !== baseName(theirs.bootFile!))
    return null;
  return {
    what: `The device booted another server's file: ${theirs.bootFile} from ${load.to.address}, named in the lease of ${serverOf(theirs)}. The boot offer of ${listed(proxies.map(serverOf))} was not used.`,
    cure: `Remove the boot file (options 66 and 67, next-server) from the DHCP server ${serverOf(theirs)} during the rescue: most firmware prefers the boot file in its lease.`,
    by: [theirs, ...proxies, load],
  };
};

/** A DHCP server that says PXEClient (option 60) in its leases and is no boot server: firmware asks it on port 4011. */
export const siteSaysPxe: Rule = (scene) => {
  const { attempt } = scene;
  const proxies = proxyOffers(attempt);
  const theirs = [...leases(attempt, "OFFER"), ...leases(attempt, "ACK")].filter(
    (each) => each.vendorClass?.startsWith("PXEClient") && proxies.every((proxy) => serverOf(proxy) !== serverOf(each)),
  );
  const servers = new Set(theirs.map(serverOf));
  const asks = dhcpOf(attempt, "REQUEST").filter(({ bootServer, to }) => bootServer && servers.has(to.address));
  if (proxies.length === 0 || asks.length === 0 || loadsOf(attempt).length > 0) return null;
  if (dhcpOf(attempt, "ACK").some(({ bootServer }) => bootServer) || !quiet(scene, latest(asks), 2_000)) return null;
  return {
    what: `The DHCP server ${listed(servers)} says PXEClient (option 60) in its leases, so the device asks it for its boot file (port 4011, ${timesSent(asks)} times), and it does not answer. The boot offer of ${listed(proxies.map(serverOf))} was not used.`,
    cure: `Take option 60 out at the DHCP server ${listed(servers)} (and options 66 and 67, if they are set): it belongs there only if that machine is the boot server, too.`,
    by: [...theirs, ...asks],
  };
};

export const twoBootServers: Rule = (scene) => {
  if (siteSaysPxe(scene) !== null) return null;
  const booting = answers(scene.attempt).filter(boots);
  const servers = new Set(booting.map(serverOf));
  if (servers.size < 2 || foreignBootFile(scene) !== null) return null;
  return {
    what: `Two boot servers answered the device: ${listed(servers)}. Its firmware decides which one it boots from.`,
    cure: "Only one may answer during the rescue. Find out which of them is not the station (WDS, SCCM, FOG, a router with a boot file), and stop its PXE service.",
    by: [...servers].map((server) => booting.find((each) => serverOf(each) === server)!),
  };
};

export const noBootFile: Rule = (scene) => {
  const { attempt } = scene;
  if (attempt.over === "http" || loadsOf(attempt).length > 0 || attempt.windows) return null;
  if (
    answers(attempt).some(boots) ||
    [noLoaderForArchitecture, infiniBand, otherVlan, relayNotEchoed].some((rule) => rule(scene) !== null)
  )
    return null;
  // Older ROMs take the lease and then find nothing to boot; EDK2 does not take it, and goes on asking.
  const acks = leases(attempt, "ACK");
  const [offer] = leases(attempt, "OFFER");
  const asks = offer === undefined ? null : asksInVain(scene);
  if (asks === null && (acks.length === 0 || !quiet(scene, latest(acks), GOES_ON_MS))) return null;
  const lease = acks.at(-1) ?? offer!;
  return {
    what: `The device was ${acks.length > 0 ? "given" : "offered"} an address (${lease.yiaddr} of ${serverOf(lease)}), and no server offered it a boot file${acks.length > 0 ? "" : `: its firmware does not accept such a lease, and asked ${timesSent(asks!)} times`}. Firmware shows this as PXE-E16 or PXE-E53.`,
    cure: "The station did not answer. Is it running on this LAN? Is the campaign armed, with this device in it and not yet rescued (breakglass campaign status)? Behind a router, the DHCP relay must also forward to the station.",
    by: [...(asks ?? []), lease],
  };
};

export const httpNotEchoed: Rule = (scene) => {
  const { attempt } = scene;
  const offers = answers(attempt);
  if (attempt.over !== "http" || offers.length === 0 || offers.some(isHttp) || loadsOf(attempt).length > 0) return null;
  if (noLoaderForArchitecture(scene) !== null || infiniBand(scene) !== null) return null;
  const asks = asksInVain(scene) ?? firmwareAsks(attempt, "REQUEST");
  if (asks.length === 0 || !quiet(scene, asks[0]!.at, GOES_ON_MS / 2)) return null;
  return {
    what: `The firmware asked for UEFI HTTP Boot, and no answer (${listed(offers.map(serverOf))}) said HTTPClient in option 60. The firmware needs that, and loaded nothing.`,
    cure: 'The boot server on this LAN does not speak HTTP Boot, or the station did not answer. Choose the entry "PXE IPv4" in the device\'s boot menu, or let the station answer (is the device in the campaign?). If the device tried PXE first, solve that problem.',
    by: [...asks, ...offers],
  };
};

export const neverAskedBootServer: Rule = (scene) => {
  const { attempt } = scene;
  const proxies = proxyOffers(attempt).filter(({ bootFile }) => bootFile === null);
  const leased = leaseTaken(scene);
  if (proxies.length === 0 || leased.length === 0 || loadsOf(attempt).length > 0 || attempt.windows) return null;
  if (dhcpOf(attempt, "REQUEST").some(({ bootServer }) => bootServer) || menuOffered(scene) !== null) return null;
  if (dhcpOf(attempt, "NAK").length + dhcpOf(attempt, "DECLINE").length > 0 || rogueLease(scene) !== null) return null;
  if (!quiet(scene, latest(leased), GOES_ON_MS)) return null;
  // Firmware may take an access point's option 43 in its lease for PXE's: which of the two kept it from asking does not show.
  if (answers(attempt).some(({ otherVendor, yiaddr }) => otherVendor && yiaddr !== ANY_ADDRESS)) return null;
  return {
    what: `The device accepted its lease and got the boot offer of ${listed(proxies.map(serverOf))}, but never asked there for its boot file (port 4011).`,
    cure: "Some firmware ignores a boot offer that comes separately from the lease (Dell T130/T430, older HP). Update the firmware, try UEFI HTTP Boot, or let one server do both: switch the site's DHCP server off and start the station with --dhcp-range.",
    by: [...proxies, ...leased],
  };
};

export const bootServerSilent: Rule = (scene) => {
  const { attempt } = scene;
  const asks = dhcpOf(attempt, "REQUEST").filter(({ bootServer }) => bootServer);
  if (asks.length === 0 || loadsOf(attempt).length > 0 || siteSaysPxe(scene) !== null || rogueLease(scene) !== null)
    return null;
  if (dhcpOf(attempt, "ACK").some(({ bootServer }) => bootServer)) return null;
  if (!quiet(scene, latest(asks), timesSent(asks) > 1 ? 2_000 : GOES_ON_MS)) return null;
  const closed = attempt.seen.filter((each): each is ClosedSeen => each.what === "closed" && each.to.port === 4011);
  return {
    what: `The device asked ${listed(asks.map(({ to }) => to.address))} for its boot file on port 4011, ${timesSent(asks)} times, and got no answer${closed.length > 0 ? ": that machine says that no program listens there" : ""}.`,
    cure: "Is the station still running, and is UDP port 4011 open in its firewall? A station that does not admit the device does not answer either: breakglass campaign status.",
    by: [...asks, ...closed],
  };
};

/** Where an answer sends the device for its file. */
function nextServer({ siaddr, tftpServerName, ...answer }: DhcpSeen): Ipv4 {
  if (siaddr !== ANY_ADDRESS) return siaddr;
  const named = /^\d+\.\d+\.\d+\.\d+$/.test(tftpServerName ?? "") ? (tftpServerName as Ipv4) : null;
  return named !== null && isUnicast(named) ? named : (answer.serverIdentifier ?? answer.from.address);
}

export const bootServerElsewhere: Rule = ({ attempt }) => {
  const loads = loadsOf(attempt);
  const unanswered = loads.filter(({ ending }) => ending === "unanswered");
  const closed = attempt.seen.filter((each): each is ClosedSeen => each.what === "closed");
  if (loads.some(isWhole)) return null;
  for (const answer of answers(attempt)) {
    const next = nextServer(answer);
    if (answer.bootFile === null || next === serverOf(answer) || next === answer.from.address) continue;
    const tried = [...unanswered, ...closed].filter(({ to }) => to.address === next);
    if (tried.length === 0) continue;
    return {
      what: `${serverOf(answer)} sends the device for ${answer.bootFile} to another machine, ${next} (siaddr or option 66), which does not answer.`,
      cure: `Correct next-server (option 66) at the DHCP server ${serverOf(answer)}, or remove its boot file: then the device uses the station's answer.`,
      by: [answer, ...tried],
    };
  }
  return null;
};

export const loaderOfOtherFirmware: Rule = (scene) => {
  const { attempt } = scene;
  const { architecture } = attempt;
  const loads = loadsOf(attempt);
  const [load] = loads;
  if (architecture === null || load === undefined) return null;
  const name = baseName(load.name);
  const wrong = architecture === BIOS ? name.endsWith(".efi") : /\.(0|kpxe|kkpxe|pxe|com|n12)$/.test(name);
  const stopped = loads.every((each) => baseName(each.name) === name) && quiet(scene, latest(loads), GOES_ON_MS);
  if (!wrong || !stopped) return null;
  return {
    what: `The device has ${architecture === BIOS ? "legacy BIOS" : "UEFI"} firmware but got ${load.name}, which is for ${architecture === BIOS ? "UEFI" : "legacy BIOS"}. It loaded nothing after that.`,
    cure: `The server at ${load.to.address} gives every device the same boot file. Make it look at option 93, or remove its boot file and let the station answer.`,
    by: loads,
  };
};
