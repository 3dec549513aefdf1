import { ExitCode, OperatorError } from "../../wire/operator-error.ts";
import { Program, type ProgramOptions, run } from "./program.ts";

/** Network bits of every LAN of the lab. */
const PREFIX = 24;

/** One machine of the lab that is not a device: a network namespace with an interface on a switch. */
export interface LabNode {
  readonly name: string;
  readonly address: string;
  readonly interface: string;
  /** A process in its network namespace. */
  readonly pid: number;
  /** Starts a program on this node. */
  start(argv: readonly string[], options?: ProgramOptions): Program;
  /** The command line that runs a program on this node. */
  command(argv: readonly string[]): string[];
}

/**
 * Makes a switch in this process's own network namespace (which must be a private one). Devices hang on it with taps,
 * the other machines with veth pairs. Process ids are the lab's own, so nothing outside can be meant by accident.
 */
export async function buildSwitch(name: string): Promise<void> {
  await ip("link set lo up");
  await ip(`link add ${name} type bridge forward_delay 0 stp_state 0 mcast_snooping 0`);
  await ip(`link set ${name} up`);
}

/** Puts a machine on a switch. It lives until the lab ends. */
export async function addNode(name: string, lan: string, address: string): Promise<LabNode> {
  const holder = new Program(`${name} namespace`, ["unshare", "--net", "sleep", "infinity"]);
  const command = (argv: readonly string[]) => ["nsenter", "--target", `${holder.pid}`, "--net", "--", ...argv];
  await otherNamespace(holder.pid, name);
  const node: LabNode = {
    name,
    address,
    interface: "lan0",
    pid: holder.pid,
    command,
    start: (argv, options) => new Program(`${name}: ${argv[0]}`, command(argv), options),
  };
  await on(node, ["ip", "link", "set", "lo", "up"]);
  await plug(node, node.interface, lan, address);
  // A machine of a real LAN has a default route; without any route a broadcast to 255.255.255.255 has nowhere to go.
  await on(node, ["ip", "route", "add", "default", "dev", node.interface]);
  return node;
}

/** One more network card of a machine, on a switch. */
export async function plug(node: LabNode, card: string, lan: string, address: string): Promise<void> {
  const end = `${node.name}-${card}`;
  await ip(`link add ${end} type veth peer name ${card} netns ${node.pid}`);
  await ip(`link set ${end} master ${lan} up`);
  await on(node, ["ip", "addr", "add", `${address}/${PREFIX}`, "brd", "+", "dev", card]);
  await on(node, ["ip", "link", "set", card, "up"]);
}

/** Runs a short program on a machine of the lab. */
export async function on(node: LabNode, argv: readonly string[]): Promise<void> {
  await must(node.command(argv));
}

/** A tap on a switch for one device's network card. Gives the tap's name. */
export async function addTap(lan: string, index: number): Promise<string> {
  const tap = `device${index}`;
  await ip(`tuntap add dev ${tap} mode tap`);
  await ip(`link set ${tap} master ${lan} up`);
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
