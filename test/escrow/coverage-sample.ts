import { createHash } from "node:crypto";
import { type CoverageReport, coverage } from "../../src/escrow/coverage/coverage.ts";
import type { Deposit } from "../../src/escrow/deposit.ts";
import { readDeviceList } from "../../src/fleet/device-list.ts";
import { guidFromBytes } from "../../src/wire/guid.ts";

export const NOW = Date.UTC(2026, 9, 1, 6, 30);
const DAY = 86_400_000;

const SITES = ["Basel", "Bern", "Genève", "Lugano", "Zürich HQ", "Plant Visp"];
/** Of a thousand devices of a site, how many have no recovery password in the directory. */
const MISSING = [6, 10, 12, 26, 3, 64];

/** Bytes that are the same every time, and look like chance. */
function chance(what: string): Buffer {
  return createHash("sha256").update(what).digest();
}

export interface Sample {
  readonly inventory: Uint8Array;
  readonly deposits: readonly Deposit[];
  readonly released: ReadonlyMap<string, number>;
}

/** A company as one meets it: several sites, an old Active Directory, some Entra, a few of every trouble. */
export function companySample(devices: number): Sample {
  const lines = ["Hostname;Serial Number;MAC Address;Site;Ring"];
  const deposits: Deposit[] = [];
  const released = new Map<string, number>();
  for (let index = 0; index < devices; index += 1) {
    const bytes = chance(`device ${index}`);
    const site = bytes[0]! % SITES.length;
    const name = `${SITES[site]!.slice(0, 3)
      .normalize("NFD")
      .replace(/[^A-Za-z]/g, "")
      .toUpperCase()}-NB-${String(10_000 + index)}`;
    const serial = `5CG${bytes.toString("hex", 1, 5).toUpperCase().slice(0, 7)}`;
    const mac = index % 1_700 === 11 ? "5,254E+11" : `02${bytes.toString("hex", 5, 10)}`;
    lines.push([name, serial, mac, SITES[site], bytes[10]! < 12 ? "canary" : "broad"].join(";"));
    if (index % 900 === 5) lines.push([`${name}.corp.example`, `${serial}B`, "", SITES[site], "broad"].join(";"));
    if (bytes.readUInt16BE(11) % 1000 < MISSING[site]!) continue;
    const age = Math.floor((bytes[13]! / 255) ** 2 * 1_300);
    const entra = bytes[14]! < 90;
    for (let nth = 0; nth <= (entra ? 0 : bytes[15]! % 3); nth += 1)
      deposits.push(sampleDeposit(index, nth, name, entra, NOW - (age + nth * 200) * DAY));
    const newest = deposits.at(-1)!;
    if (index % 611 === 7) deposits.push({ ...newest, depositId: `${newest.depositId}-other` });
    if (index % 380 === 3) released.set(newest.depositId, NOW - (index % 90) * DAY);
  }
  for (let index = 0; index < devices / 40; index += 1)
    deposits.push(sampleDeposit(devices + index, 0, index % 3 === 0 ? null : `OLD-${index}`, false, NOW - 900 * DAY));
  return { inventory: Buffer.from(lines.join("\r\n")), deposits, released };
}

function sampleDeposit(index: number, nth: number, deviceName: string | null, entra: boolean, at: number): Deposit {
  const bytes = chance(`protector ${index} ${nth}`);
  return {
    depositId: `deposit-${index}-${nth}`,
    protectorId: guidFromBytes(bytes.subarray(0, 16)),
    deviceName,
    directory: entra ? "Entra" : "ActiveDirectory",
    deviceId: entra ? guidFromBytes(chance(`entra ${index}`).subarray(0, 16)).toLowerCase() : null,
    volumeType: entra ? (index % 300 === 9 ? "fixed" : "os") : null,
    createdAt: entra || index % 4 !== 0 ? at : null,
    source: entra ? "graph.json" : "ad.ldif",
    depositedAt: NOW - 20 * DAY,
  };
}

export function companyReport(devices: number, maxAgeDays: number | null = 1_095): CoverageReport {
  const { inventory, deposits, released } = companySample(devices);
  return coverage({ inventory: readDeviceList(inventory, "lenient"), deposits, released, now: NOW, maxAgeDays });
}
