import { type Command, InvalidArgumentError, Option } from "commander";
import { type LeaseRange, parseLeaseRange } from "../boot/lease-range.ts";
import { DEFAULT_BLOCK_SIZE, NEGOTIATION_LIMITS } from "../tftp/negotiate.ts";
import { type Ipv4, parseIpv4 } from "../wire/ipv4.ts";
import { parseApiAddress } from "./api-address.ts";
import { withOpenerOptions } from "./opener-options.ts";
import { parseMinutes } from "./parse-minutes.ts";
import type { ServeOptions } from "./serve.ts";
import { withStateOption } from "./state-option.ts";

/** `breakglass serve`: its options alone, so that its help comes at once. */
export function defineServe(command: Command): void {
  withOpenerOptions(withStateOption(command))
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
    .option(
      "--loads <N>",
      "how many devices may load the image at once; others wait (default: 32 on 1 GbE)",
      parseLoads,
    )
    .option("--bandwidth <MBPS>", "megabits a second for the image, so that others keep their line", parseBandwidth)
    .option(
      "--largest-block <BYTES>",
      "largest TFTP block (512 to 65464), for a path that loses large packets, such as 1300 in a VPN",
      parseLargestBlock,
    )
    .option(
      "--api [ADDRESS:PORT]",
      "the operator API too (docs/api.md); on 127.0.0.1:8443 unless named",
      parseApiAddress,
    )
    .option("--sealed", "start without opening the vault: devices boot and wait, nothing is released", false)
    .option("--seal-after <MINUTES>", "seal the vault after this many idle minutes (0 = never)", parseMinutes, 60)
    .option("--log-text", "write the log in the state folder as readable text too (log/station.log)", false)
    .option("--json", "one JSON object a line: entries, notices, counters", false)
    .addHelpText(
      "after",
      `
It serves until Ctrl-C. Exit code 0 when it was stopped; where nothing was
started: 2 for wrong input, 3 for a wrong passphrase, 4 if this machine lacks
something (root, a port, an interface, an image).`,
    )
    .action(async (options: ServeOptions) => (await import("./serve.ts")).serve(options));
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

export function parseLoads(text: string): number {
  if (!/^[1-9][0-9]{0,4}$/.test(text)) throw new InvalidArgumentError("A number from 1 to 99999.");
  return Number(text);
}

export function parseBandwidth(text: string): number {
  if (!/^[1-9][0-9]{0,5}$/.test(text)) throw new InvalidArgumentError("Megabits a second, such as 200.");
  return Number(text);
}

/** RFC 1350's own block is the least: a device that asks for no size gets that one whatever is set. RFC 2348 has the most. */
export function parseLargestBlock(text: string): number {
  const bytes = /^[1-9][0-9]{2,4}$/.test(text) ? Number(text) : 0;
  if (bytes < DEFAULT_BLOCK_SIZE || bytes > NEGOTIATION_LIMITS.blockSize)
    throw new InvalidArgumentError("Bytes, from 512 to 65464, such as 1300: the path's MTU less 32.");
  return bytes;
}
