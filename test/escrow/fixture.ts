import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach } from "vitest";
import { parseRecoveryPassword } from "../../src/bitlocker/recovery-password.ts";
import type { NewDeposit } from "../../src/escrow/deposit.ts";
import { createVault, type Vault } from "../../src/escrow/vault.ts";
import { parseGuid } from "../../src/wire/guid.ts";
import { Secret } from "../../src/wire/secret.ts";

/** Valid examples from Microsoft's public documents. */
export const PASSWORD_A = "461109-608201-413820-485342-181588-463056-430617-501391";
export const PASSWORD_B = "496298-461032-321464-595518-463221-173943-033616-139579";
export const ID_A = parseGuid("24B0AA32-F8D0-40BA-BB05-73A800324C09");
export const ID_B = parseGuid("4290b6c0-b17a-497a-8552-272cc30e80d4");
export const ID_C = parseGuid("045219EC-A53B-41AE-B310-08EC883AAEDD");
export const PASSPHRASE = new Secret("six plain words for a test");

/** True if the text shows three groups of either password in a row. */
export function showsDigits(text: string): boolean {
  const bare = text.replace(/[\s-]/g, "");
  return [PASSWORD_A, PASSWORD_B].some((password) => {
    const groups = password.split("-");
    return groups.some((_, index) => index + 1 < groups.length && bare.includes(groups[index]! + groups[index + 1]!));
  });
}

const cleanUps: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "escrow-"));
  cleanUps.push(() => rmSync(folder, { recursive: true }));
  return folder;
}

/** A new vault whose scrypt is as cheap as it gets. */
export async function newVault(
  path = join(temporaryFolder(), "vault.sqlite"),
  clock = () => 1_721_360_000_000,
): Promise<Vault> {
  const vault = await createVault(path, { clock, passphrase: PASSPHRASE, workFactor: 1 });
  cleanUps.push(() => vault.close());
  return vault;
}

export function depositOf(
  protectorId = ID_A,
  password = PASSWORD_A,
  deviceName: string | null = "PC-0001",
): NewDeposit {
  const origin = { deviceName, directory: "Entra", deviceId: null, volumeType: null, createdAt: null, source: "a.csv" };
  return { protectorId, password: parseRecoveryPassword(password), ...origin };
}
