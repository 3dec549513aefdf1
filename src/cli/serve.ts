import { hostname } from "node:os";
import { join } from "node:path";
import { styleText } from "node:util";
import { type Command, InvalidArgumentError, Option } from "commander";
import { type LeaseRange, parseLeaseRange, rangeProblem } from "../boot/lease-range.ts";
import type { CampaignState } from "../campaign/campaign.ts";
import { type TimelineLine, timelineLine } from "../dashboard/timeline.ts";
import { openVault, type Vault } from "../escrow/vault.ts";
import type { Entry } from "../ledger/entry.ts";
import { findInterfaces, type ServedInterface } from "../server/interface.ts";
import { refuseOtherServers } from "../server/lease-check.ts";
import { tryPorts } from "../server/listen.ts";
import { defaultLoads } from "../server/load-queue.ts";
import { shortOfBuffer } from "../server/receive-buffer.ts";
import { STANDARD_PORTS, type Station, startStation } from "../server/station.ts";
import { type Ipv4, parseIpv4 } from "../wire/ipv4.ts";
import { ExitCode, OperatorError } from "../wire/operator-error.ts";
import { operatorActor } from "./actor.ts";
import { campaignLine } from "./campaign.ts";
import { forgetUnused } from "./forget.ts";
import { type PassphraseOption, readPassphrase } from "./passphrase.ts";
import { readImages, readOwnIpxe } from "./served-files.ts";
import { openStateLedger, type StateOption, stateFolder, withStateOption } from "./state.ts";
import { folded, terminalWidth } from "./table.ts";

type ServeOptions = StateOption &
  PassphraseOption & {
    readonly interface: readonly string[];
    readonly address: readonly Ipv4[];
    readonly dhcpRange?: LeaseRange;
    readonly image: readonly string[];
    readonly uefiLoader: "shim" | "ipxe";
    readonly ipxe?: string;
    readonly loads?: number;
    readonly bandwidth?: number;
    readonly sealed: boolean;
    readonly json: boolean;
  };

const COUNTERS_MS = 5_000;

export function register(program: Command): void {
  withStateOption(program.command("serve"))
    .description("the station: answer, boot and rescue the devices that the armed campaign admits")
    .requiredOption("--interface <IF>", "the interface to serve on; once for each, where there are several", collect)
    .addOption(
      several("--address <IP>", "which of its addresses, where it has several", "the only one").argParser(
        collectAddress,
      ),
    )
    .option("--dhcp-range <FIRST-LAST>", "lease these addresses too, on a LAN without a DHCP server", parseRange)
    .addOption(
      several("--image <DIR>", "a recovery image; once for each architecture", "build/image").argParser(collect),
    )
    .addOption(
      new Option("--uefi-loader <NAME>", "shim: Secure Boot stays on; ipxe: for devices that have it off")
        .choices(["shim", "ipxe"])
        .default("shim"),
    )
    .option("--ipxe <DIR>", "your own signed iPXE (ipxe-shimx64.efi, ipxe.efi), served to UEFI x64 devices as it is")
    .option("--loads <N>", "so many devices load the image at once, the others wait (default: 32 on 1 GbE)", parseLoads)
    .option("--bandwidth <MBPS>", "megabits a second for the image, so that others keep their line", parseBandwidth)
    .option("--passphrase-fd <N>", "read the vault's passphrase from this descriptor instead of asking")
    .option("--sealed", "start without the passphrase: devices boot and wait, nothing is released", false)
    .option("--json", "one JSON object a line: entries, notices, counters", false)
    .addHelpText(
      "after",
      `
It serves until Ctrl-C. Exit code 0 when it was stopped; where nothing was
started: 2 for wrong input, 3 for a wrong passphrase, 4 if this machine lacks
something (root, a port, an interface, an image).`,
    )
    .action(serve);
}

async function serve(options: ServeOptions): Promise<void> {
  const served = findInterfaces(options.interface, options.address);
  const leases = options.dhcpRange === undefined ? null : leasesOn(served, options.dhcpRange);
  const folder = stateFolder(options);
  const vault = await openVault(folder.vault, { clock: Date.now });
  const ledger = await openStateLedger(options);
  const images = await readImages(options.image.length > 0 ? options.image : [join("build", "image")]);
  const ownIpxe = options.ipxe === undefined ? new Map<string, Uint8Array>() : readOwnIpxe(options.ipxe);
  // Before a passphrase is typed: nothing of this needs it.
  for (const { address } of served) await tryPorts(address, STANDARD_PORTS);
  if (leases !== null) await refuseOtherServers(leases.served);
  if (!options.sealed) await unseal(vault, options);
  forgetUnused();
  const say = options.json ? sayJson : sayPlain;
  const record = (type: "vault.unsealed" | "vault.sealed") =>
    ledger.append({
      body: { type, vaultId: vault.vaultId },
      actor: operatorActor(),
      commandId: `${type}:${hostname()}:${Date.now()}`,
    });
  if (!options.sealed) await record("vault.unsealed");
  const known = (await ledger.head()).seq;
  const station = await startStation({
    name: hostname(),
    served,
    leases,
    ports: STANDARD_PORTS,
    ledger,
    vault,
    images,
    uefiLoader: ownIpxe.size > 0 ? "own-ipxe" : options.uefiLoader,
    ownIpxe,
    loads: options.loads ?? defaultLoads(options.bandwidth ?? null),
    bandwidth: options.bandwidth ?? null,
    authority: { certificate: folder.caCertificate, privateKey: folder.caKey },
    onEntry: (entry) => {
      if (entry.seq > known) say.entry(entry);
    },
    onNotice: say.notice,
  });
  say.ready(station, folder.folder);
  say.campaign(station.campaign());
  const short = shortOfBuffer();
  if (short !== null) say.notice(short);
  await untilStopped(station, say);
  await station.close();
  say.counters(station);
  await vault.close();
  if (!options.sealed) await record("vault.sealed");
  await ledger.close();
}

/** At a terminal a mistyped passphrase is asked for again; a descriptor has only one. */
async function unseal(vault: Vault, options: ServeOptions): Promise<void> {
  for (let left = options.passphraseFd === undefined ? 3 : 1; left > 0; left -= 1) {
    if ((await vault.unseal(await readPassphrase(options))) === "unsealed") return;
    if (left > 1) process.stderr.write("That does not open the vault. Is Caps Lock on?\n");
  }
  throw new OperatorError(
    "The passphrase does not open the vault. Nothing was started.",
    "Start again with the right one. To start without it (devices boot and wait, nothing is released): --sealed",
    ExitCode.refused,
  );
}

/** An option that may be given several times, with what stands for none of them in the help. */
export function several(flags: string, description: string, none: string): Option {
  return new Option(flags, description).default([], none);
}

function collect(value: string, before: readonly string[] = []): readonly string[] {
  return [...before, value];
}

function collectAddress(text: string, before: readonly Ipv4[]): readonly Ipv4[] {
  try {
    return [...before, parseIpv4(text)];
  } catch {
    throw new InvalidArgumentError("An IPv4 address, such as 10.99.0.2.");
  }
}

function parseRange(text: string): LeaseRange {
  try {
    return parseLeaseRange(text);
  } catch {
    throw new InvalidArgumentError("The first and the last address, such as 10.99.0.100-10.99.0.199.");
  }
}

/** On which of the interfaces the range is leased: the one whose subnet it lies in. */
function leasesOn(all: readonly ServedInterface[], range: LeaseRange) {
  const problems = all.map((served) => ({ served, problem: rangeProblem(range, served) }));
  const found = problems.find(({ problem }) => problem === null);
  if (found !== undefined) return { served: found.served, range };
  throw new OperatorError(
    `No address can be leased on ${problems.map(({ served, problem }) => `${served.name}: ${problem}`).join("; on ")}. Nothing was started.`,
    "Name free addresses of the station's own subnet, such as --dhcp-range 10.99.0.100-10.99.0.199",
    ExitCode.badInput,
  );
}

export function parseLoads(text: string): number {
  if (!/^[1-9][0-9]{0,4}$/.test(text)) throw new InvalidArgumentError("A number from 1 to 99999.");
  return Number(text);
}

export function parseBandwidth(text: string): number {
  if (!/^[1-9][0-9]{0,5}$/.test(text)) throw new InvalidArgumentError("Megabits a second, such as 200.");
  return Number(text);
}

/** Until Ctrl-C, SIGTERM, or the end of the terminal it was started in. */
function untilStopped(station: Station, say: Say): Promise<void> {
  return new Promise((resolve) => {
    const counting = setInterval(() => say.periodic(station), COUNTERS_MS);
    const stop = () => {
      clearInterval(counting);
      resolve();
    };
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.once(signal, stop);
  });
}

interface Say {
  entry(entry: Entry): void;
  notice(text: string): void;
  ready(station: Station, state: string): void;
  campaign(state: CampaignState): void;
  periodic(station: Station): void;
  counters(station: Station): void;
}

const print = (line: string) => process.stdout.write(`${line}\n`);

const sayJson: Say = {
  entry: (entry) => print(JSON.stringify({ entry })),
  notice: (text) => print(JSON.stringify({ notice: text })),
  ready: ({ lans }) => {
    for (const { name, url } of lans) print(JSON.stringify({ ready: { url, interface: name } }));
  },
  campaign: (campaign) => print(JSON.stringify({ campaign: campaign.is })),
  periodic: (station) => sayJson.counters(station),
  counters: (station) => print(JSON.stringify({ counters: station.counters() })),
};

const COLOURS: Readonly<Record<TimelineLine["mark"], "green" | "red" | "yellow" | "reset">> = {
  good: "green",
  bad: "red",
  wait: "yellow",
  plain: "reset",
};

const clock = (at: number) => new Date(at).toTimeString().slice(0, 8);

const sayPlain: Say = {
  entry(entry) {
    const { at, device, mark, text } = timelineLine(entry);
    print(`${clock(at)}  ${(device ?? "station").padEnd(17)}  ${styleText(COLOURS[mark], text)}`);
  },
  notice(text) {
    const line = `${clock(Date.now())}  ${"station".padEnd(17)}  ${text}`;
    for (const each of folded(line, terminalWidth())) print(styleText("yellow", each));
  },
  ready({ lans }, state) {
    for (const { name, url } of lans) print(`Ready on ${name}, agents at ${url}.`);
    print(`Stop the station: Ctrl-C.\nStop everything: breakglass campaign halt --state ${state}`);
  },
  campaign: (campaign) => print(styleText(campaign.is === "armed" ? "green" : "yellow", campaignLine(campaign))),
  periodic: () => {},
  counters(station) {
    const { dhcp, tftp, http, control, loads, interfaces } = station.counters();
    print("\nThe station has stopped. Devices that wait go on when it is started again. What it was asked:");
    for (const [name, counts] of Object.entries({ dhcp, tftp, http, control, loads, interfaces })) {
      const text = Object.entries(counts)
        .filter(([, count]) => count > 0)
        .map(([what, count]) => `${what} ${count}`);
      print(`${name.padEnd(10)} ${text.join(", ") || "nothing"}`);
    }
  },
};
