import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { parseLeaseRange } from "../../src/boot/lease-range.ts";
import { arm } from "../../src/campaign/command.ts";
import { createVault } from "../../src/escrow/vault.ts";
import { parseInventory } from "../../src/fleet/read-inventory.ts";
import { openLedger } from "../../src/ledger/open-ledger.ts";
import { findInterfaces } from "../../src/server/interface.ts";
import { refuseOtherServers } from "../../src/server/lease-check.ts";
import { STANDARD_PORTS } from "../../src/server/ports.ts";
import { startStation } from "../../src/server/station.ts";
import { noticeText } from "../../src/station/notice.ts";
import { newStationState } from "../../src/station/state.ts";
import { OperatorError } from "../../src/wire/operator-error.ts";
import { Secret } from "../../src/wire/secret.ts";

// Run on a private network: a whole station with a boot image of a few bytes, for the devices named. It prints `ready`,
// its notices and entries, and its counters at each line on its standard input; it ends with that.
interface Setup {
  readonly interfaces: readonly string[];
  /** On the first interface. */
  readonly range?: string;
  readonly devices: readonly string[];
  /** How long each boot file is; else a line of text. */
  readonly fileBytes?: number;
  readonly largestBlock?: number;
  /** The state of a station that was there before. */
  readonly folder?: string;
}
const setup = JSON.parse(process.argv[2]!) as Setup;
const print = (value: object) => process.stdout.write(`${JSON.stringify(value)}\n`);

try {
  const folder = setup.folder ?? mkdtempSync(join(tmpdir(), "breakglass-dhcp-station-"));
  const path = join(folder, "ledger.sqlite");
  const ledger = await openLedger(path, { station: "test", clock: Date.now, create: true });
  if ((await ledger.head()).seq === 0) {
    const rows = setup.devices.map((mac, index) => `PC-${index},${mac}\n`);
    const devices = parseInventory(`name,mac\n${rows.join("")}`);
    const campaign = { campaign: "c", remedy: "r", remedySha256: "0".repeat(64), document: {}, devices };
    const armed = arm(
      newStationState().campaign,
      { ...campaign, unknown: "hold", hibernated: "stop" },
      "operator:test",
    );
    if (typeof armed === "string") throw new Error(armed);
    await ledger.append(armed);
  }
  const served = findInterfaces(setup.interfaces, []);
  const leases = setup.range === undefined ? null : { served: served[0]!, range: parseLeaseRange(setup.range) };
  if (leases !== null) await refuseOtherServers(leases.served);
  const vault = await createVault(join(mkdtempSync(join(tmpdir(), "breakglass-dhcp-vault-")), "vault.sqlite"), {
    clock: Date.now,
    passphrase: new Secret("six plain words for a test"),
    workFactor: 1,
  });
  const names = ["shimx64.efi", "grubx64.efi", "undionly.kpxe", "vmlinuz", "initrd"];
  const text = (name: string) => new TextEncoder().encode(`the bytes of ${name}\n`);
  const pattern = new Uint8Array(setup.fileBytes ?? 0).map((_, index) => (index * 31 + (index >> 8)) & 0xff);
  const files = new Map(names.map((name) => [name, setup.fileBytes === undefined ? text(name) : pattern]));
  const station = await startStation({
    ...{ name: "test", served, leases, ports: STANDARD_PORTS, ledger, vault, loads: 8, bandwidth: null },
    images: new Map([["x64" as const, { sha256: "0".repeat(64), files }]]),
    ...(setup.largestBlock === undefined ? {} : { largestBlock: setup.largestBlock }),
    ...{ uefiLoader: "shim" as const, ownIpxe: new Map() },
    authority: { certificate: join(folder, "ca.pem"), privateKey: join(folder, "ca.key") },
    onEntry: ({ body }) => print({ entry: body }),
    onNotice: (notice) => print({ notice: noticeText(notice) }),
  });
  print({ ready: folder });
  createInterface({ input: process.stdin })
    .on("line", () => print({ counters: station.counters() }))
    .on("close", () => station.close().then(() => process.exit(0)));
} catch (error) {
  if (!(error instanceof OperatorError)) throw error;
  print({ refused: error.message, next: error.next });
  process.exit(error.exitCode);
}
