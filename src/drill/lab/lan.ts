import { OperatorError } from "../../wire/operator-error.ts";
import { addNode, buildSwitch, type LabNode, on, plug } from "./network.ts";
import { type Leases, startSiteDhcp } from "./site-dhcp.ts";

/** A network built: who is on it beside the devices, and the switch that a device hangs on. */
export interface BuiltNetwork {
  readonly station: LabNode;
  /** The place for an attacker. */
  readonly rogue: LabNode;
  readonly switchOf: (device: number) => string;
}

/** The network that station and devices are on: a value that a drill is run with. */
export interface LabNetwork {
  readonly name: string;
  readonly title: string;
  /** How the station is started for it, beside the usual. */
  readonly serve: readonly string[];
  /** From where to where a device's address may lie, and who gives it. */
  readonly leases: readonly Leases[];
  readonly leasedBy: string;
  /** Builds it, in this process's own namespaces. Logs go to `folder`. */
  build(folder: string): Promise<BuiltNetwork>;
}

/** Where the station is; the other LAN is the devices' own where they are not beside it. */
const HERE: Leases = { first: "10.99.0.100", last: "10.99.0.199", router: null };
const THERE: Leases = { first: "10.98.0.100", last: "10.98.0.199", router: null };
const RELAY = { here: "10.99.0.3", there: "10.98.0.1" } as const;
const SITE = "10.99.0.1";
const STATION = "10.99.0.2";

async function stationAndRogue(): Promise<{ station: LabNode; rogue: LabNode }> {
  await buildSwitch("switch0");
  return {
    station: await addNode("station", "switch0", STATION),
    rogue: await addNode("rogue", "switch0", "10.99.0.66"),
  };
}

const SITE_NETWORK: LabNetwork = {
  name: "site",
  title: "a site DHCP server on the same LAN",
  serve: [],
  leases: [HERE],
  leasedBy: "the site's own DHCP server",
  build: async (folder) => {
    const nodes = await stationAndRogue();
    startSiteDhcp(await addNode("site", "switch0", SITE), SITE_NETWORK.leases, folder);
    return { ...nodes, switchOf: () => "switch0" };
  },
};

const ISOLATED: LabNetwork = {
  name: "isolated",
  title: "no DHCP server but the station itself",
  serve: ["--dhcp-range", `${HERE.first}-${HERE.last}`],
  leases: [HERE],
  leasedBy: "the station",
  build: async () => ({ ...(await stationAndRogue()), switchOf: () => "switch0" }),
};

/**
 * The devices' LAN lies behind a router, which passes their DHCP packets on to the site's DHCP server and to the station
 * (RFC 1542 section 4): on Cisco and its like two `ip helper-address` lines. `mtu`: how long a packet to the devices may be.
 */
function behindRouter(name: string, title: string, mtu: number | null): LabNetwork {
  const leases: readonly Leases[] = [{ ...THERE, router: RELAY.there }];
  const build = async (folder: string): Promise<BuiltNetwork> => {
    const nodes = await stationAndRogue();
    await buildSwitch("switch1");
    const site = await addNode("site", "switch0", SITE);
    const relay = await addNode("relay", "switch0", RELAY.here);
    await plug(relay, "lan1", "switch1", RELAY.there);
    await on(relay, ["sh", "-c", "echo 1 >/proc/sys/net/ipv4/ip_forward"]);
    // A route's MTU, as a tunnel has one: an interface's would keep the devices' own packets out too.
    if (mtu !== null) await on(relay, ["ip", ..."route replace 10.98.0.0/24 dev lan1 mtu lock".split(" "), `${mtu}`]);
    for (const node of [site, nodes.station]) await on(node, ["ip", "route", "add", "10.98.0.0/24", "via", RELAY.here]);
    startSiteDhcp(site, [HERE, ...leases], folder);
    const passOn = [SITE, STATION].map((server) => `--dhcp-relay=${RELAY.there},${server}`);
    const quiet = ["--no-daemon", "--conf-file=/dev/null", "--port=0", "--log-dhcp", "--log-facility=-"];
    relay.start(["dnsmasq", ...quiet, ...passOn], { log: `${folder}/relay.log` });
    return { ...nodes, switchOf: () => "switch1" };
  };
  return { name, title, serve: [], leases, leasedBy: "the site's own DHCP server, through the relay", build };
}

const RELAYED = behindRouter("relay", "the devices on another LAN, behind a router that relays DHCP", null);
const SMALL_MTU = behindRouter(
  "small-mtu",
  "behind such a router, and packets to the devices may have 1280 bytes at most",
  1280,
);

/** Two LANs, each with the site's DHCP server and the station on it; devices take turns between them. */
const TWO: LabNetwork = {
  name: "two-lans",
  title: "two LANs, the station with an interface on each",
  serve: ["--interface", "lan1"],
  leases: [HERE, THERE],
  leasedBy: "the site's own DHCP server",
  build: async (folder) => {
    const nodes = await stationAndRogue();
    await buildSwitch("switch1");
    const site = await addNode("site", "switch0", SITE);
    await plug(site, "lan1", "switch1", "10.98.0.1");
    await plug(nodes.station, "lan1", "switch1", "10.98.0.2");
    startSiteDhcp(site, TWO.leases, folder, ["lan0", "lan1"]);
    return { ...nodes, switchOf: (device) => `switch${device % 2}` };
  },
};

/** All networks that a drill can be run on, the usual one first. */
export const NETWORKS: readonly LabNetwork[] = [SITE_NETWORK, ISOLATED, RELAYED, SMALL_MTU, TWO];

/** @throws OperatorError naming all, if there is none of that name. */
export function findNetwork(name: string): LabNetwork {
  const found = NETWORKS.find((each) => each.name === name);
  if (found !== undefined) return found;
  throw new OperatorError(
    `There is no network "${name}". Nothing was started.`,
    `Choose from: ${NETWORKS.map((each) => `${each.name} (${each.title})`).join(", ")}.`,
  );
}
