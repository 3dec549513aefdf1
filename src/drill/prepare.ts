import { randomBytes, randomInt } from "node:crypto";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { RELEASE_CAPS } from "../escrow/release.ts";
import { ExitCode, OperatorError } from "../wire/operator-error.ts";
import type { Secret } from "../wire/secret.ts";
import { type Ran, run } from "./lab/program.ts";
import type { DeviceRole, Scenario } from "./scenario.ts";

/** One device as the operator knows it, before anything is started. */
export interface ExpectedDevice {
  readonly role: DeviceRole;
  readonly mac: string;
  readonly serial: string;
  readonly uuid: string;
  /** The key protector that the escrow export names, and its recovery password. */
  readonly escrowed: { readonly protectorId: string; readonly password: Secret<string> } | null;
}

/** The operator's side of a drill: a vault with the keys he has, and an armed campaign. All through the real verbs. */
export interface Office {
  readonly state: string;
  readonly passphrase: string;
  /** Runs `breakglass ARGS --state ...`; throws an OperatorError with its words if it fails. */
  verb(args: readonly string[]): Promise<string>;
  /** Every secret it handled: recovery passwords and the vault's passphrase, for the search that must not find them. */
  secrets(): readonly string[];
  /** Imports an escrow export of these devices' right keys. */
  importKeys(devices: readonly ExpectedDevice[]): Promise<void>;
}

/**
 * Makes the vault, imports what the scenario lets it have, arms the campaign. `keys` is an operator's own escrow export,
 * imported as it is.
 */
export async function openOffice(
  self: readonly string[],
  folder: string,
  scenario: Scenario,
  devices: readonly ExpectedDevice[],
  remedy: string,
  keys: string | null,
): Promise<Office> {
  const state = join(folder, "state");
  mkdirSync(state, { mode: 0o700 });
  const passphrase = randomBytes(24).toString("hex");

  const verb = async (args: readonly string[], passphraseToo = false) => {
    const secret = passphraseToo ? { fd3: `${passphrase}\n` } : {};
    const more = passphraseToo ? ["--passphrase-fd", "3"] : [];
    const ran = await run([...self, ...args, "--state", state, ...more], { ...secret, timeout: 120_000 });
    if (ran.code !== 0) throw stepFailed(args, ran);
    return ran.stdout;
  };
  // The export lies on disk only as long as the import reads it, as an operator should do it too.
  const importRows = async (rows: readonly string[]) => {
    const file = join(folder, "escrow-export.csv");
    writeFileSync(file, `${['"Hostname","KeyID","RecoveryKey","Directory"', ...rows].join("\n")}\n`, { mode: 0o600 });
    try {
      await verb(["escrow", "import", file]);
    } finally {
      rmSync(file);
    }
  };
  const secrets = [passphrase];
  const row = ({ role, escrowed }: ExpectedDevice, password: string) => {
    secrets.push(password);
    return `"CN=${role.name},OU=Desktops,DC=corp,DC=example","${escrowed!.protectorId}","${password}","ActiveDirectory"`;
  };

  await verb(["escrow", "init"], true);
  if (keys !== null) {
    // Rows that the import rejects are for its report to name; the rehearsal goes on with the others.
    const ran = await run([...self, "escrow", "import", keys, "--state", state]);
    if (ran.code > 1) throw stepFailed(["escrow", "import", keys], ran);
  }
  const stranger = `"DESKTOP-0000001","${crypto.randomUUID()}","${freshPassword()}","Entra"`;
  const keyed = keys === null ? devices.filter(({ escrowed }) => escrowed !== null) : [];
  await importRows([
    stranger,
    ...keyed.filter(({ role }) => role.vault === "right").map((each) => row(each, each.escrowed!.password.reveal())),
    ...keyed.filter(({ role }) => role.vault === "wrong").map((each) => row(each, freshPassword())),
  ]);

  const inventory = writeInventory(join(folder, "inventory.csv"), devices);
  // All devices at once are what this is about: the station is measured, not its cap.
  const rate = String(Math.max(RELEASE_CAPS.perMinute, devices.length));
  const policies = ["--unknown", scenario.unknown, "--release-rate", rate];
  await verb(["campaign", "arm", "--remedy", remedy, ...inventory, ...policies]);

  return {
    state,
    passphrase,
    verb,
    secrets: () => secrets,
    importKeys: (some) => importRows(some.map((each) => row(each, each.escrowed!.password.reveal()))),
  };
}

/** The arguments that name the inventory; none if the scenario's devices are in nobody's. */
function writeInventory(file: string, devices: readonly ExpectedDevice[]): string[] {
  const known = devices.filter(({ role }) => role.known);
  if (known.length === 0) return [];
  const lines = known.map(({ role, mac, serial, uuid }) => [role.name, mac, serial, uuid].join(","));
  writeFileSync(file, `${["name,mac,serial,uuid", ...lines].join("\n")}\n`);
  return ["--inventory", file];
}

function stepFailed(args: readonly string[], { code, stdout, stderr }: Ran): OperatorError {
  return new OperatorError(
    `"breakglass ${args.join(" ")}" ended with exit code ${code}: ${(stderr || stdout).trim()}`,
    "This is one of the drill's own steps; the lab was taken down.",
    ExitCode.negative,
  );
}

/** A recovery password of nobody: eight groups, each a uint16 times 11. */
function freshPassword(): string {
  return Array.from({ length: 8 }, () => String(randomInt(65536) * 11).padStart(6, "0")).join("-");
}
