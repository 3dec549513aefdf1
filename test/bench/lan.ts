import { readlinkSync } from "node:fs";
import { Program } from "../../src/drill/lab/program.ts";
import { DEVICE_NETWORK, ROUTER_ADDRESS, STATION_ADDRESS } from "./devices.ts";
import { must } from "./peers.ts";

/** Two machines with a cable between them, each a network namespace: one for a server, one that is all the devices. */
export interface Lan {
  onServer(argv: readonly string[]): string[];
  onDevices(argv: readonly string[]): string[];
}

/** What both machines call their end of the cable. */
export const INTERFACE = "lan0";

/** They last as long as the namespaces they were made in. */
export async function makeLan(): Promise<Lan> {
  const [server, devices] = [await machine("server"), await machine("devices")];
  const ip = async (on: number, words: string) => must([...inside(on), "ip", ...words.split(" ")]);
  await ip(server, `link add ${INTERFACE} type veth peer name ${INTERFACE} netns ${devices}`);
  for (const [on, address] of [
    [server, STATION_ADDRESS],
    [devices, ROUTER_ADDRESS],
  ] as const) {
    await ip(on, "link set lo up");
    await ip(on, `addr add ${address}/16 brd + dev ${INTERFACE}`);
    await ip(on, `link set ${INTERFACE} up`);
    await ip(on, `route add default dev ${INTERFACE}`);
  }
  await ip(server, `route add ${DEVICE_NETWORK} via ${ROUTER_ADDRESS}`);
  // Each address of it is this machine's own, without a line for each.
  await ip(devices, `route add local ${DEVICE_NETWORK} dev lo`);
  return {
    onServer: (argv) => [...inside(server), ...argv],
    onDevices: (argv) => [...inside(devices), ...argv],
  };
}

function inside(pid: number): string[] {
  return ["nsenter", "--target", `${pid}`, "--net", "--"];
}

async function machine(name: string): Promise<number> {
  const holder = new Program(name, ["unshare", "--net", "sleep", "infinity"]);
  const { pid } = holder;
  await new Promise((resolve) => setTimeout(resolve, 20));
  // `unshare` needs a moment before its process is in the new namespace, and may end before.
  for (let attempt = 0; attempt < 100 && holder.exitCode === null; attempt++) {
    if (readlinkSync("/proc/self/ns/net") !== readlinkSync(`/proc/${pid}/ns/net`)) return pid;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error(`no network namespace for ${name}: ${holder.lines.join(" / ")}`);
}
