// Looks deposits up in a large vault: lookup-load.ts VAULT DEPOSITS [LOOKUPS]. A vault of that many made-up deposits is
// made at VAULT if there is none yet (their records are no ciphertext: nothing here opens one). Prints JSON: p50 and p99 in
// milliseconds of vault.find by whole key protector ID, first 8 characters, device name and device ID, and what
// `escrow status` and going through all deposits take.
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import type { DepositQuery } from "../../src/escrow/deposit-query.ts";
import { createVault, openVault } from "../../src/escrow/vault.ts";
import { type Guid, guidFromBytes } from "../../src/wire/guid.ts";
import { Secret } from "../../src/wire/secret.ts";

const file = process.argv[2]!;
const deposits = Number(process.argv[3]);
const lookups = Number(process.argv[4] ?? 2_000);

/** Four deposits a device, as an old Active Directory has them. */
const PER_DEVICE = 4;
const NOW = 1_760_000_000_000;
const DAY = 86_400_000;

function digest(what: string, index: number): Buffer {
  return createHash("sha256").update(`${what} ${index}`).digest();
}

const protectorOf = (index: number): Guid => guidFromBytes(digest("protector", index).subarray(0, 16));
const deviceIdOf = (device: number): string => guidFromBytes(digest("device", device).subarray(0, 16)).toLowerCase();
const nameOf = (device: number): string => `PC-${String(device).padStart(7, "0")}`;
const deviceOf = (index: number): number => Math.floor(index / PER_DEVICE);

/** As long as a record is: 128 bytes in an ASCII-armored age file. */
const RECORD = `-----BEGIN AGE ENCRYPTED FILE-----\n${`${"A".repeat(64)}\n`.repeat(7)}-----END AGE ENCRYPTED FILE-----\n`;

async function fill(): Promise<void> {
  const passphrase = new Secret("six plain words for a bench");
  await (await createVault(file, { clock: () => NOW, passphrase, workFactor: 1 })).close();
  const db = new DatabaseSync(file);
  db.exec("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -400000; BEGIN");
  const insert = db.prepare(
    `INSERT INTO deposit (depositId, protectorId, deviceName, directory, source, depositedAt, fingerprint, record, deviceId,
      volumeType, createdAt) VALUES (?, ?, ?, 'Entra', 'bench.csv', ?, ?, ?, ?, 'os', ?)`,
  );
  for (let index = 0; index < deposits; index += 1) {
    const bytes = digest("deposit", index);
    const device = deviceOf(index);
    const created = NOW - (bytes[16]! * 5 + (index % PER_DEVICE)) * DAY;
    const fingerprint = bytes.toString("hex");
    const plain = [guidFromBytes(bytes.subarray(0, 16)), protectorOf(index), nameOf(device), NOW, fingerprint, RECORD];
    insert.run(...plain, deviceIdOf(device), created);
  }
  db.exec("COMMIT");
  db.close();
}

function percentile(sorted: readonly number[], part: number): number {
  return Math.round(sorted[Math.ceil(sorted.length * part) - 1]! * 1000) / 1000;
}

function timed(act: () => void): number {
  const began = performance.now();
  act();
  return performance.now() - began;
}

if (!existsSync(file)) await fill();
const vault = await openVault(file, { clock: () => NOW });
const queries: Readonly<Record<string, (index: number) => DepositQuery>> = {
  protectorId: (index) => ({ protectorId: protectorOf(index) }),
  first8: (index) => ({ first8: protectorOf(index).slice(0, 8) }),
  deviceName: (index) => ({ deviceName: nameOf(deviceOf(index)).toLowerCase() }),
  bareName: (index) => ({ bareName: nameOf(deviceOf(index)).toLowerCase() }),
  deviceId: (index) => ({ deviceId: deviceIdOf(deviceOf(index)).toUpperCase() }),
};
const result: Record<string, unknown> = { deposits };
for (const [name, query] of Object.entries(queries)) {
  const times: number[] = [];
  for (let turn = 0; turn < lookups; turn += 1) {
    // Spread over the whole file; 7919 is a prime, so none is asked for twice.
    const asked = query((turn * 7919) % deposits);
    times.push(timed(() => void (vault.find(asked).length > 0 || process.exit(1))));
  }
  times.sort((a, b) => a - b);
  result[name] = { p50: percentile(times, 0.5), p99: percentile(times, 0.99), most: percentile(times, 1) };
}
result.statusMs = Math.round(timed(() => vault.status()));
let all = 0;
result.allMs = Math.round(
  timed(() => {
    for (const _ of vault.all()) all += 1;
  }),
);
result.all = all;
await vault.close();
process.stdout.write(`${JSON.stringify(result)}\n`);
