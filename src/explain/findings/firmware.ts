import { dhcpOf, firmwareAsks, isHttp, leases, loadsOf } from "../attempt.ts";
import type { Dhcp6Seen, DhcpSeen } from "../seen.ts";
import { latest, quiet, type Rule, timesSent } from "./finding.ts";

/** Firmware goes on within a second; EDK2 waits up to 4 s for more offers first. */
const GOES_ON_MS = 8_000;

export const ipv6Only: Rule = (scene) => {
  const { attempt, device } = scene;
  const six = attempt.seen.filter((each): each is Dhcp6Seen => each.what === "dhcp6");
  const asks = six.filter(({ message }) => message === "SOLICIT");
  if (asks.length === 0 || asks.length < six.length || loadsOf(attempt).length > 0 || attempt.windows) return null;
  // Most firmware tries IPv4 and then IPv6: that it asks over both is nothing wrong.
  if (device.attempts.some((each) => firmwareAsks(each, "DISCOVER").length > 0)) return null;
  if (!quiet(scene, asks[0]!.at, GOES_ON_MS)) return null;
  // A station that starts in the middle of a boot may have missed the questions over IPv4; firmware goes back to those.
  if (scene.view === "station" && timesSent(asks) < 2) return null;
  return {
    what: `The firmware asks over IPv6 only (DHCPv6, ${timesSent(asks)} times), and the station boots devices over IPv4.`,
    cure: "In the firmware setup, switch IPv4 network boot on (PXE IPv4, or HTTP Boot IPv4) and choose that boot entry.",
    by: asks,
  };
};

export const onlyHttps: Rule = (scene) => {
  const { attempt } = scene;
  if (attempt.over !== "http" || attempt.windows) return null;
  const acks = leases(attempt, "ACK");
  const answers = [...dhcpOf(attempt, "OFFER"), ...dhcpOf(attempt, "ACK")];
  const plain = answers.filter((each) => isHttp(each) && /^http:\/\//i.test(each.bootFile ?? ""));
  if (acks.length === 0 || plain.length === 0 || dhcpOf(attempt, "DECLINE").length > 0) return null;
  // It asked for nothing at all: no file, no connection, no neighbour's address in vain.
  if (attempt.seen.some(({ what }) => what !== "dhcp") || !quiet(scene, latest(acks), 2 * GOES_ON_MS)) return null;
  return {
    what: `The firmware took the lease and the address of its boot file (${plain[0]!.bootFile}), and fetched nothing: UEFI firmware that allows only HTTPS does that with an http:// address.`,
    cure: 'In the firmware setup, allow HTTP Boot without TLS ("allow HTTP connections"), or choose the entry "PXE IPv4" in the device\'s boot menu.',
    by: [...plain, ...acks],
  };
};

export const sharedAdapter: Rule = ({ device, attempt }) => {
  const asks = (each: typeof attempt) =>
    firmwareAsks(each, "DISCOVER").filter((ask) => ask.uuid !== null && ask.program === "firmware");
  const own = asks(attempt)[0];
  if (own === undefined) return null;
  const before = device.attempts.filter(({ startedAt }) => startedAt <= attempt.startedAt).flatMap(asks);
  const other =
    before.find((ask): ask is DhcpSeen => ask.uuid !== own.uuid) ?? asks(attempt).find(({ uuid }) => uuid !== own.uuid);
  if (other === undefined) return null;
  return {
    what: `Two machines boot with one network adapter (MAC ${device.name}): their SMBIOS UUIDs are ${other.uuid} and ${own.uuid}.`,
    cure: "A USB adapter or dock was moved from one to the other, or passes on a MAC that another device has. Boot one at a time, and read the name and serial number on its screen before you confirm anything.",
    by: [other, own],
  };
};
