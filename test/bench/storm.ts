import { createHash, randomBytes } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Program, run } from "../../src/drill/lab/program.ts";
import { MANIFEST, manifestText } from "../../src/image/manifest.ts";
import { DEVICE_NETWORK, deviceAddress, deviceMac, STATION_ADDRESS } from "./devices.ts";
import { INTERFACE, type Lan } from "./lan.ts";
import { runLoad } from "./load.ts";
import { must } from "./peers.ts";
import { CROWD, type Sample, STORM } from "./rows.ts";
import { LOAD_CORE, listening, residentMb, SERVER_CORE } from "./servers.ts";

const BREAKGLASS = [process.execPath, join(import.meta.dirname, "../../src/cli/main.ts")];
/** Of the size that the real ones have; the devices load the second. */
const FILES = { "shimx64.efi": 1 << 20, "grubx64.efi": 2 << 20, vmlinuz: 12 << 20, initrd: 16 << 20 } as const;
const LOADED = "grubx64.efi";
const PASSPHRASE = "a passphrase of this benchmark alone\n";

interface Answers {
  readonly offers: { readonly answered: number; readonly seconds: number };
  readonly acks: { readonly answered: number; readonly seconds: number };
}

/** The whole station, as an operator starts it: its vault open, its campaign armed with every device. */
export async function stationRound(lan: Lan, folder: string, load: string): Promise<{ storm: Sample; memory: Sample }> {
  const state = join(folder, "state");
  mkdirSync(state, { recursive: true, mode: 0o700 });
  const image = writeImage(join(folder, "image"));
  const inventory = join(folder, "inventory.csv");
  const lines = Array.from({ length: STORM }, (_, index) => `PC-${index},${deviceMac(index)}`);
  writeFileSync(inventory, `name,mac\n${lines.join("\n")}\n`);
  await verb(["escrow", "init", "--state", state, "--passphrase-fd", "3"]);
  await verb(["campaign", "arm", "--remedy", "channel-file-291", "--inventory", inventory, "--state", state]);
  const serve = [...BREAKGLASS, "serve", "--interface", INTERFACE, "--image", image, "--state", state];
  const station = new Program("breakglass serve", lan.onServer([...SERVER_CORE, ...serve, "--passphrase-fd", "3"]), {
    fd3: PASSPHRASE,
  });
  try {
    await listening(station, "udp", STATION_ADDRESS, 4011);
    const storm = await askAll(lan);
    const resident = [residentMb(station.pid)];
    const watching = setInterval(() => resident.push(residentMb(station.pid)), 100);
    const { unfinished, seconds, mostAtOnce } = await runLoad(lan.onDevices([...LOAD_CORE, load]), {
      ...{ server: STATION_ADDRESS, port: 69, name: LOADED, file: join(image, LOADED) },
      ...{ devices: CROWD, firstAddress: deviceAddress(0), blockSize: 1428, windowSize: 16 },
      ...{ lostPermille: 0, seconds: 30 },
    });
    clearInterval(watching);
    return { storm, memory: { value: Math.max(...resident), unfinished, seconds, mostAtOnce } };
  } finally {
    await station.stop();
  }
}

export async function dnsmasqRound(lan: Lan): Promise<Sample> {
  const program = new Program(
    "dnsmasq",
    lan.onServer([
      ...[...SERVER_CORE, "dnsmasq", "--conf-file=/dev/null", "--no-daemon", "--port=0", "--user=root"],
      ...["--quiet-dhcp", `--interface=${INTERFACE}`, "--leasefile-ro"],
      ...[`--dhcp-range=${DEVICE_NETWORK.split("/")[0]},proxy,255.255.0.0`],
      "--pxe-service=x86-64_EFI,rescue,shimx64.efi",
    ]),
  );
  try {
    await listening(program, "udp", "0.0.0.0", 4011);
    return await askAll(lan);
  } finally {
    await program.stop();
  }
}

async function askAll(lan: Lan): Promise<Sample> {
  const script = join(import.meta.dirname, "storm-load.ts");
  const argv = [...LOAD_CORE, process.execPath, script, STATION_ADDRESS, `${STORM}`];
  const { offers, acks }: Answers = JSON.parse(await must(lan.onDevices(argv)));
  return { value: offers.answered + acks.answered, seconds: Math.max(offers.seconds, acks.seconds) };
}

async function verb(args: readonly string[]): Promise<void> {
  const { code, stderr } = await run([...BREAKGLASS, ...args], { fd3: PASSPHRASE });
  if (code !== 0) throw new Error(`breakglass ${args.join(" ")}: ${stderr}`);
}

function writeImage(folder: string): string {
  mkdirSync(folder, { recursive: true });
  const roles = ["shim", "grub", "kernel", "initrd"] as const;
  const files = Object.entries(FILES).map(([path, size], index) => {
    const bytes = randomBytes(size);
    writeFileSync(join(folder, path), bytes);
    return { path, role: roles[index]!, size, sha256: createHash("sha256").update(bytes).digest("hex") };
  });
  const what = { version: 3, architecture: "x64", driverSet: "minimal", kernelRelease: "none" } as const;
  writeFileSync(join(folder, MANIFEST), manifestText({ ...what, files, packages: [] }));
  return folder;
}
