import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { ownMounts } from "../../src/drill/lab/own-mounts.ts";

interface Figures {
  readonly heap: number;
  readonly resident: number;
  readonly files: number;
  readonly counters: Readonly<Record<string, Readonly<Record<string, number>>>>;
}

export interface LiveResult {
  /** Datagrams and connections, by what they were sent to. */
  readonly sent: Readonly<Record<"dhcp" | "tftp" | "http" | "https", number>>;
  /** How often the honest device was booted in between. */
  readonly honest: number;
  readonly milliseconds: number;
  /** After a fifth of the inputs, and 15 s after the last. */
  readonly before?: Figures;
  readonly last?: Figures;
  readonly findings: readonly string[];
}

const LAN = [
  "ip link set lo up",
  "ip link add lan0 type veth peer name switch",
  "ip addr add 10.99.0.2/24 brd + dev lan0",
  ...Array.from({ length: 21 }, (_, index) => `ip addr add 10.99.0.${100 + index}/32 dev lo`),
  "ip link set lan0 up",
  "ip link set switch up",
];

/** Mutations to the sockets of a whole station on a private network of its own. */
export function fuzzLive({ inputs, seed }: { readonly inputs: number; readonly seed: number }): LiveResult {
  const own = ["--net", ...ownMounts(), "--pid", "--fork", "--kill-child", "--mount-proc"];
  const flags = process.getuid?.() === 0 ? own : ["--user", "--map-root-user", ...own];
  const program = `exec ${process.execPath} ${join(import.meta.dirname, "live", "attack.ts")} ${inputs} ${seed}`;
  const done = spawnSync("unshare", [...flags, "bash", "-ec", [...LAN, program].join("\n")], {
    encoding: "utf8",
    maxBuffer: 64 * 1024 * 1024,
    killSignal: "SIGKILL",
    env: { ...process.env, PATH: `${process.env.PATH}:/usr/sbin:/sbin` },
  });
  const line = done.stdout.split("\n").findLast((each) => each.startsWith("{"));
  if (line === undefined) throw new Error(`no result: ${done.error?.message ?? ""}${done.stderr}${done.stdout}`);
  return JSON.parse(line) as LiveResult;
}
