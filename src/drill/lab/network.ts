import { ExitCode, OperatorError } from "../../wire/operator-error.ts";
import { Program, type ProgramOptions, run } from "./program.ts";

/** The lab's addresses: one flat recovery LAN. */
export const LAB = {
  site: "10.99.0.1",
  station: "10.99.0.2",
  rogue: "10.99.0.66",
  firstLease: "10.99.0.100",
  lastLease: "10.99.0.199",
  prefix: 24,
} as const;

export type NodeName = "site" | "station" | "rogue";

const BRIDGE = "switch0";
/** What every node calls its one interface. */
export const NODE_INTERFACE = "lan0";

/** One machine of the lab that is not a device: a network namespace with one interface on the switch. */
export interface LabNode {
  readonly name: NodeName;
  readonly address: string;
  /** Starts a program on this node. */
  start(argv: readonly string[], options?: ProgramOptions): Program;
  /** The command line that runs a program on this node. */
  command(argv: readonly string[]): string[];
}

/**
 * Makes the switch in this process's own network namespace (which must be a private one). Devices hang on it with taps,
 * the other machines with veth pairs. Process ids are the lab's own, so nothing outside can be meant by accident.
 */
export async function buildSwitch(): Promise<void> {
  await ip("link set lo up");
  await ip(`link add ${BRIDGE} type bridge forward_delay 0 stp_state 0 mcast_snooping 0`);
  await ip(`link set ${BRIDGE} up`);
}

/** Puts a machine on the switch. It lives until the lab ends. */
export async function addNode(name: NodeName): Promise<LabNode> {
  const address = LAB[name];
  const holder = new Program(`${name} namespace`, ["unshare", "--net", "sleep", "infinity"]);
  const command = (argv: readonly string[]) => ["nsenter", "--target", `${holder.pid}`, "--net", "--", ...argv];
  await otherNamespace(holder.pid, name);
  await ip(`link add ${name}0 type veth peer name ${NODE_INTERFACE} netns ${holder.pid}`);
  await ip(`link set ${name}0 master ${BRIDGE} up`);
  const inside = (words: string) => must(command(["ip", ...words.split(" ")]));
  await inside("link set lo up");
  await inside(`addr add ${address}/${LAB.prefix} brd + dev ${NODE_INTERFACE}`);
  await inside(`link set ${NODE_INTERFACE} up`);
  // A machine of a real LAN has a default route; without any route a broadcast to 255.255.255.255 has nowhere to go.
  await inside(`route add default dev ${NODE_INTERFACE}`);
  return {
    name,
    address,
    command,
    start: (argv, options) => new Program(`${name}: ${argv[0]}`, command(argv), options),
  };
}

/** A tap on the switch for one device's network card. Gives the tap's name. */
export async function addTap(index: number): Promise<string> {
  const tap = `device${index}`;
  await ip(`tuntap add dev ${tap} mode tap`);
  await ip(`link set ${tap} master ${BRIDGE} up`);
  return tap;
}

/** Bytes the switch has sent to a device and received from it since its tap was made. */
export async function tapBytes(tap: string): Promise<{ readonly toDevice: number; readonly fromDevice: number }> {
  const { stdout } = await must(["ip", "-j", "-s", "link", "show", "dev", tap]);
  const [link] = JSON.parse(stdout) as [{ stats64: { rx: { bytes: number }; tx: { bytes: number } } }];
  return { toDevice: link.stats64.tx.bytes, fromDevice: link.stats64.rx.bytes };
}

/** `unshare` needs a moment before its process is in the new namespace; a veth moved earlier would land in this one. */
async function otherNamespace(pid: number, name: string): Promise<void> {
  for (let attempt = 0; attempt < 100; attempt++) {
    const { stdout } = await run(["readlink", "/proc/self/ns/net", `/proc/${pid}/ns/net`]);
    const [own, other] = stdout.trim().split("\n");
    if (other !== undefined && own !== other) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new OperatorError(
    `The lab could not make a network namespace for its ${name}.`,
    "Try again; nothing is left behind.",
    ExitCode.environment,
  );
}

function ip(words: string): Promise<{ stdout: string }> {
  return must(["ip", ...words.split(" ")]);
}

async function must(argv: readonly string[]): Promise<{ stdout: string }> {
  const ran = await run(argv, { timeout: 10_000 });
  if (ran.code === 0) return ran;
  throw new OperatorError(
    `The lab's network could not be made: "${argv.join(" ")}" said: ${ran.stderr.trim() || `exit code ${ran.code}`}`,
    "The lab needs iproute2 and, for the devices' network cards, read and write access to /dev/net/tun.",
    ExitCode.environment,
  );
}
