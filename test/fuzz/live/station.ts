import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { arm } from "../../../src/campaign/command.ts";
import { createVault } from "../../../src/escrow/vault.ts";
import { parseInventory } from "../../../src/fleet/read-inventory.ts";
import { openLedger } from "../../../src/ledger/open-ledger.ts";
import { findInterfaces } from "../../../src/server/interface.ts";
import { STANDARD_PORTS } from "../../../src/server/ports.ts";
import { startStation } from "../../../src/server/station.ts";
import { noticeText } from "../../../src/station/notice.ts";
import { newStationState } from "../../../src/station/state.ts";
import { Secret } from "../../../src/wire/secret.ts";
import { heapInUse } from "../run-target.ts";

// A whole station on the interface `lan0` of a private network. Its parent asks it for figures over IPC; whatever brings
// it down is told there first.
export type FromStation =
  | { readonly ready: true }
  | { readonly crash: string }
  | { readonly wrong: string }
  | { readonly heap: number; readonly counters: unknown };

const tell = (message: FromStation) => process.send!(message);
const fall = (error: unknown) => {
  process.send!({ crash: error instanceof Error ? (error.stack ?? error.message) : String(error) }, () =>
    process.exit(1),
  );
};
process.on("uncaughtException", fall);
process.on("unhandledRejection", fall);

const folder = mkdtempSync(join(tmpdir(), "breakglass-fuzz-live-"));
const ledger = await openLedger(join(folder, "ledger.sqlite"), {
  station: "fuzz",
  clock: Date.now,
  create: true,
});
const devices = parseInventory("name,mac\nPC-1,52:54:00:00:00:01\n");
const campaign = { campaign: "c", remedy: "r", remedySha256: "0".repeat(64), document: {}, devices };
const armed = arm(newStationState().campaign, { ...campaign, unknown: "confirm", hibernated: "stop" }, "operator:fuzz");
if (typeof armed === "string") throw new Error(armed);
await ledger.append(armed);
const vault = await createVault(join(folder, "vault.sqlite"), {
  clock: Date.now,
  passphrase: new Secret("six plain words for a test"),
  workFactor: 1,
});
const names = ["shimx64.efi", "grubx64.efi", "undionly.kpxe", "vmlinuz", "initrd"];
const station = await startStation({
  ...{ name: "fuzz", served: findInterfaces(["lan0"], []), leases: null, ports: STANDARD_PORTS, ledger, vault },
  ...{ loads: 8, bandwidth: null, uefiLoader: "shim" as const, ownIpxe: new Map() },
  images: new Map([
    [
      "x64" as const,
      { sha256: "0".repeat(64), files: new Map(names.map((name) => [name, new Uint8Array(50_000).fill(7)])) },
    ],
  ]),
  authority: { certificate: join(folder, "ca.pem"), privateKey: join(folder, "ca.key") },
  onEntry: () => {},
  onNotice: (notice) => {
    const text = noticeText(notice);
    if (!/^[ -~]*$/.test(text)) tell({ wrong: `a notice that is not printable: ${JSON.stringify(text)}` });
    if (notice.reason === "fault") tell({ wrong: `the station calls an input its own ${text}` });
  },
});
process.on("message", (message) => {
  if (message === "measure") tell({ heap: heapInUse(), counters: station.counters() });
  else
    station.close().then(async () => {
      await Promise.all([ledger.close(), vault.close()]);
      rmSync(folder, { recursive: true });
      process.exit(0);
    }, fall);
});
tell({ ready: true });
