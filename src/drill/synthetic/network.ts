import { type Ipv4, parseIpv4 } from "../../wire/ipv4.ts";
import { ExitCode, OperatorError } from "../../wire/operator-error.ts";
import { addNode, buildSwitch, type LabNode, on } from "../lab/network.ts";
import { run } from "../lab/program.ts";
import { DEVICES_LAN } from "./device.ts";

const SWITCH = "switch0";
const OWN: Ipv4 = parseIpv4("10.99.0.1");
export const STATION: Ipv4 = parseIpv4("10.99.0.2");

/**
 * The station on one side of a switch, all devices on the other: in this process's own (private) network namespace,
 * where every address of the devices' LAN is a local one, so that a socket can be bound to any of them. To the station
 * they lie behind one neighbour: a machine has one table of neighbours for all its namespaces, of 1,024 by default, and
 * a drill must not fill it for those outside. `mbps` is the speed of the station's network card, null for as fast as it
 * goes.
 */
export async function buildSyntheticLan(mbps: number | null): Promise<LabNode> {
  await buildSwitch(SWITCH);
  const station = await addNode("station", SWITCH, STATION);
  await ip(`addr add ${OWN}/24 brd + dev ${SWITCH}`);
  await ip(`route add default dev ${SWITCH}`);
  await ip(`route add local ${DEVICES_LAN} dev ${SWITCH}`);
  await on(station, ["ip", "route", "add", DEVICES_LAN, "via", OWN]);
  if (mbps !== null) {
    const shape = `qdisc add dev ${station.interface} root tbf rate ${mbps}mbit burst 256kb latency 50ms`;
    await on(station, ["tc", ...shape.split(" ")]);
  }
  return station;
}

/** In this process's own namespace, which is a private one. */
async function ip(words: string): Promise<void> {
  const { code, stderr } = await run(["ip", ...words.split(" ")], { timeout: 10_000 });
  if (code === 0) return;
  throw new OperatorError(
    `The lab's network could not be made: "ip ${words}" said: ${stderr.trim()}`,
    "The lab needs iproute2; nothing is left behind.",
    ExitCode.environment,
  );
}
