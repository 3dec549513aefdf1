import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Program } from "../../src/drill/lab/program.ts";
import { librariesOf } from "./peers.ts";
import { OURS } from "./rows.ts";

/** Servers have one core, the devices another. */
export const SERVER_CORE = ["taskset", "-c", "0"];
export const LOAD_CORE = ["taskset", "-c", "1"];

export interface Folders {
  /** Where the peers were unpacked. */
  readonly peers: string;
  /** The files to serve, and nothing else. */
  readonly root: string;
  readonly logs: string;
}

export interface ServerUnderTest {
  readonly name: string;
  readonly address: string;
  readonly program: Program;
}

type Command = (address: string, file: string, folders: Folders) => readonly string[];

const script = (name: string) => [process.execPath, join(import.meta.dirname, name)];

export const TFTP_COMMANDS: Readonly<Record<string, Command>> = {
  [OURS]: (address, file) => [...script("serve-breakglass.ts"), address, file],
  "tftpd-hpa": (address, _, { root, peers }) => [
    ...[join(peers, "usr/sbin/in.tftpd"), "--listen", "--foreground", "--user", "root"],
    ...["--address", `${address}:69`, "--secure", root],
  ],
  dnsmasq: (address, _, { root }) => [
    ...["dnsmasq", "--conf-file=/dev/null", "--no-daemon", "--port=0", "--user=root", "--quiet-tftp"],
    ...["--enable-tftp", `--tftp-root=${root}`, `--listen-address=${address}`, "--bind-interfaces", "--tftp-max=1000"],
  ],
  atftpd: (address, _, { root, peers, logs }) => [
    ...[
      join(peers, "usr/sbin/atftpd"),
      "--daemon",
      "--no-fork",
      "--logfile",
      join(logs, "atftpd"),
      "--user",
      "root.root",
    ],
    ...["--bind-address", address, "--port", "69", "--maxthread", "1000", root],
  ],
  "npm tftp": (address, _, { root }) => [...script("serve-npm-tftp.ts"), address, root],
};

export const HTTP_COMMANDS: Readonly<Record<string, Command>> = {
  [OURS]: TFTP_COMMANDS[OURS]!,
  nginx: (address, _, { root, peers, logs }) => {
    const config = join(logs, "nginx.conf");
    const scratch = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map((of) => `${of}_temp_path ${logs}/${of};`);
    const http = `${scratch.join(" ")} access_log off; sendfile on; tcp_nopush on; server { listen ${address}:80; root ${root}; }`;
    writeFileSync(
      config,
      `daemon off; master_process off; pid ${join(logs, "nginx.pid")}; events { } http { ${http} }`,
    );
    return [join(peers, "usr/sbin/nginx"), "-c", config, "-e", "stderr"];
  },
  "@fastify/static": (address, _, { root }) => [...script("serve-fastify.ts"), address, root],
};

/** Starts servers, each on an address of its own, and waits until they listen. */
export async function startServers(
  commands: Readonly<Record<string, Command>>,
  file: string,
  folders: Folders,
): Promise<ServerUnderTest[]> {
  const socketTable = commands === TFTP_COMMANDS ? "udp" : "tcp";
  const port = commands === TFTP_COMMANDS ? 69 : 80;
  return await Promise.all(
    Object.entries(commands).map(async ([name, command], index) => {
      const address = `127.0.0.${index + 1}`;
      const log = join(folders.logs, `${name.replace(/\W+/g, "-")}.log`);
      const argv = [...SERVER_CORE, ...command(address, file, folders)];
      const program = new Program(name, argv, { log, env: librariesOf(folders.peers) });
      await listening(program, socketTable, address, port);
      return { name, address, program };
    }),
  );
}

/** Waits until a program has this port. Rejects with its last words if it ended instead. */
export async function listening(program: Program, table: "udp" | "tcp", address: string, port: number): Promise<void> {
  const hex = (value: number) => value.toString(16).toUpperCase();
  // As /proc/net has it: the address as the machine's own 32-bit number.
  const host = address.split(".").map((part) => hex(Number(part)).padStart(2, "0"));
  const at = ` ${host.reverse().join("")}:${hex(port).padStart(4, "0")} `;
  const sockets = `/proc/${program.pid}/net/${table}`;
  for (let attempt = 0; attempt < 200; attempt++) {
    if (program.exitCode !== null) break;
    if (existsSync(sockets) && readFileSync(sockets, "utf8").includes(at)) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`${program.name} does not listen: ${program.lines.slice(-3).join(" / ")}`);
}

/** CPU seconds of a process and of its children that it has waited for (proc(5), fields 14 to 17; 100 a second). */
export function cpuSeconds(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]!.split(" ");
  return fields.slice(11, 15).reduce((sum, ticks) => sum + Number(ticks), 0) / 100;
}

/** Memory of a process that is in RAM, in MB of a million bytes. */
export function residentMb(pid: number): number {
  const found = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"));
  return (Number(found![1]) * 1024) / 1e6;
}
