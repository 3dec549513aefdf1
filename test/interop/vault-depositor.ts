import { writeSync } from "node:fs";
import { parseRecoveryPassword } from "../../src/bitlocker/recovery-password.ts";
import { openVault } from "../../src/escrow/vault.ts";
import { StoreError } from "../../src/ledger/store-error.ts";
import { parseGuid } from "../../src/wire/guid.ts";

// Deposits COUNT passwords in the vault at PATH, five at a time, and says `ack PROTECTOR-ID` or `fail FAULT` for each.
const [path, first, count] = process.argv.slice(2);
const password = parseRecoveryPassword("461109-608201-413820-485342-181588-463056-430617-501391");
const origin = { deviceName: "PC-1", directory: null, deviceId: null, volumeType: null, createdAt: null, source: "x" };
const vault = await openVault(path!, { clock: Date.now });
for (let done = 0; done < Number(count); done += 5) {
  const ids = Array.from({ length: 5 }, (_, index) => idOf(done + index));
  try {
    await vault.depositAll(ids.map((protectorId) => ({ protectorId, password, ...origin })));
    writeSync(1, ids.map((id) => `ack ${id}\n`).join(""));
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
    writeSync(1, `fail ${error.fault}\n`);
  }
}
await vault.close();

function idOf(number: number) {
  return parseGuid(`${first}${number.toString(16).padStart(7, "0")}-F8D0-40BA-BB05-73A800324C09`);
}
