import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "vitest";
import { type DhcpPacket, decodePacket, encodePacket } from "../../src/dhcp/packet.ts";
import { ownMounts } from "../../src/drill/lab/own-mounts.ts";
import { ANY_ADDRESS } from "../../src/wire/ipv4.ts";
import { macToBytes, parseMac } from "../../src/wire/mac.ts";
import { readCapture } from "../capture-file.ts";

/** What dhcp-station.ts prints, one of these a line. */
export interface StationLine {
  readonly ready?: string;
  readonly refused?: string;
  readonly next?: string;
  readonly notice?: string;
  readonly entry?: { readonly type: string; readonly [field: string]: unknown };
  readonly counters?: Record<string, Record<string, number>>;
}

export interface OnLan {
  /** Standard output, by the `== NAME` lines in it. */
  readonly said: ReadonlyMap<string, string>;
  readonly station: readonly StationLine[];
}

/** Runs shell commands with the words of dhcp-lan.sh on a private network. They must end well. */
export function onLan(commands: string): OnLan {
  const folder = mkdtempSync(join(tmpdir(), "breakglass-lan-"));
  try {
    const own = ["--net", ...ownMounts(), "--pid", "--fork", "--kill-child", "--mount-proc"];
    const flags = process.getuid?.() === 0 ? own : ["--user", "--map-root-user", ...own];
    const script = `. ${join(import.meta.dirname, "dhcp-lan.sh")}\n${commands}`;
    const { status, stdout, stderr } = spawnSync("unshare", [...flags, "bash", "-c", script], {
      encoding: "utf8",
      timeout: 120_000,
      // unshare passes SIGTERM by; its end is that of everything it started.
      killSignal: "SIGKILL",
      env: { ...process.env, PATH: `${process.env.PATH}:/usr/sbin:/sbin`, ...paths(folder) },
    });
    const log = join(folder, "station");
    const lines = existsSync(log) ? readFileSync(log, "utf8") : "";
    expect(status, `${stderr}\n${stdout}\n${lines}`).toBe(0);
    const station = lines
      .split("\n")
      .filter((line) => line.startsWith("{"))
      .map((line) => JSON.parse(line) as StationLine);
    return { said: sections(stdout), station };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/**
 * The station's notices, and the texts of what it wrote down as noticed. Not what it explains about a device (they begin
 * with a MAC address): devices that only pretend to boot do fail.
 */
export function notices(station: readonly StationLine[]): string[] {
  const all = station.flatMap(({ notice, entry }) => {
    if (notice !== undefined) return [notice];
    return entry?.type === "station.noticed" ? [String(entry.text)] : [];
  });
  return all.filter((text) => !/^([0-9a-f]{2}:){5}[0-9a-f]{2}: /.test(text));
}

/** The packets that `asks` printed. */
export function packets(hex: string | undefined): DhcpPacket[] {
  const lines = (hex ?? "").split("\n").filter((line) => line !== "");
  return lines.map((line) => decodePacket(new Uint8Array(Buffer.from(line, "hex"))));
}

/** What OVMF says, in the name of another network card, for `asks`. */
export function firmwareSays(capture: "ovmf-discover" | "ovmf-boot-request", mac: string): string {
  const packet = decodePacket(readCapture("dhcp", capture).bytes);
  const chaddr = new Uint8Array(16);
  chaddr.set(macToBytes(parseMac(mac)));
  // The address is whatever it sends from.
  return Buffer.from(encodePacket({ ...packet, ciaddr: ANY_ADDRESS, chaddr })).toString("hex");
}

function paths(folder: string) {
  return { NODE: process.execPath, HERE: import.meta.dirname, DIR: folder, TMPDIR: folder };
}

function sections(stdout: string): Map<string, string> {
  const found = new Map<string, string>();
  for (const part of stdout.split(/^== /m).slice(1)) {
    const end = part.indexOf("\n");
    found.set(part.slice(0, end), part.slice(end + 1).trim());
  }
  return found;
}
