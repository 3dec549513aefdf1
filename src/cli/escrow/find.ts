import type { Command } from "commander";
import { looksLikePassword } from "../../bitlocker/password-text.ts";
import type { Deposit } from "../../escrow/deposit.ts";
import { type Finding, findByText, type KnownDevice, type Reading } from "../../escrow/find.ts";
import { openVault } from "../../escrow/vault.ts";
import { ofKind } from "../../ledger/entry.ts";
import type { Ledger } from "../../ledger/ledger.ts";
import { ExitCode, OperatorError } from "../../wire/operator-error.ts";
import { sayForeignLedger, stateFolder, withStateLedgerIfAny } from "../state.ts";
import { type StateOption, withStateOption } from "../state-option.ts";
import { count, formatAge, formatTable, printable, terminalWidth } from "../table.ts";
import { readInventory } from "./coverage.ts";

type Options = StateOption & { readonly inventory?: string; readonly json?: boolean };

/** `breakglass escrow find`: which deposits fit. It shows no recovery password. */
export function defineFind(command: Command): void {
  withStateOption(command)
    .argument(
      "<text...>",
      "a key protector ID, its first 8 characters as the recovery screen shows them, a device name, or a serial number, UUID, MAC address or device ID",
    )
    .option(
      "--inventory <FILE>",
      "whose serial numbers, UUIDs and MAC addresses to look in (default: the last campaign's)",
    )
    .option("--json", "for scripts")
    .addHelpText(
      "after",
      "\nA text that may be several things is looked up as each of them, and all that fits is listed.\nExit code 0 if something fits, 1 if nothing does.",
    )
    .action(find);
}

const TAKES =
  "It looks for a whole key protector ID, its first 8 characters, a whole device name, and an inventory's serial numbers, UUIDs and MAC addresses.";

async function find(words: readonly string[], options: Options): Promise<void> {
  const text = words.join(" ").trim();
  if (text === "") throw new OperatorError("There is nothing to look for.", TAKES);
  if (looksLikePassword(text))
    throw new OperatorError(
      "That looks like a recovery password, and other programs can read a command's arguments. Nothing was looked up.",
      "Look for the key protector ID or the device name instead.",
    );
  const vault = await openVault(stateFolder(options).vault, { clock: Date.now });
  try {
    const { inventory, from } = await inventoryFor(options);
    const found = findByText(text, inventory, (query) => vault.find(query));
    if (found.every(({ deposits }) => deposits.length === 0)) process.exitCode = ExitCode.negative;
    process.stdout.write(options.json ? `${JSON.stringify(jsonOf(found))}\n` : describe(text, found, from));
  } finally {
    await vault.close();
  }
}

interface Inventory {
  readonly inventory: readonly KnownDevice[];
  /** Where it is from; null where there is none. */
  readonly from: string | null;
}

/** The named inventory, else the one of the campaign that was armed last, else none. */
async function inventoryFor(options: Options): Promise<Inventory> {
  if (options.inventory === undefined)
    return await withStateLedgerIfAny(options, { inventory: [], from: null }, lastArmed);
  sayForeignLedger(options);
  return { inventory: readInventory(options.inventory).inventory, from: options.inventory };
}

/** From the end: the last campaign is not far back in a ledger of years. */
async function lastArmed(ledger: Ledger): Promise<Inventory> {
  for (let { seq } = await ledger.head(); seq > 0; seq -= PAGE) {
    const entries = await ledger.read(Math.max(0, seq - PAGE), Math.min(PAGE, seq));
    const armed = entries.findLast(ofKind("campaign.armed"))?.body;
    if (armed === undefined) continue;
    const inventory = armed.devices.map((device) => ({ ...device, deviceId: null }));
    return { inventory, from: `campaign ${armed.campaign}` };
  }
  return { inventory: [], from: null };
}

const PAGE = 1_000;

const CALLED: Readonly<Record<Reading, string>> = {
  "key-protector-id": "key protector ID",
  "first-8": "first 8 characters of the key protector ID",
  "device-name": "device name",
  "device-id": "device ID",
  serial: "serial number",
  uuid: "SMBIOS UUID",
  mac: "MAC address",
};

function describe(text: string, found: readonly Finding[], from: string | null): string {
  const marks = from === null ? "There is no inventory to look for serial numbers in: name one with --inventory." : "";
  if (found.length === 0)
    return `Nothing in the vault fits. ${[TAKES, marks].filter((each) => each !== "").join(" ")}\n`;
  const parts = found.map(({ by, device, deposits }) => {
    const whose = device === null ? "" : ` of ${printable(device.name ?? "a device without a name")} in ${from}`;
    if (deposits.length === 0) return `By ${CALLED[by]}${whose}: the vault has nothing for that device.\n`;
    return `By ${CALLED[by]}${whose}:\n${tableOf(deposits)}`;
  });
  const all = found.flatMap(({ deposits }) => deposits);
  return parts.join("\n") + ambiguity(text, found) + (all.some(({ createdAt }) => createdAt === null) ? IMPORTED : "");
}

const IMPORTED = "Ages with > are since the import: no export says how old that password is.\n";

/** Where a person could take the wrong one. */
function ambiguity(text: string, found: readonly Finding[]): string {
  const names = new Set(
    found.flatMap(({ device, deposits }) => [
      ...(device?.name == null ? [] : [device.name.toLowerCase()]),
      ...deposits.map(({ deviceName, protectorId }) => deviceName?.toLowerCase() ?? protectorId),
    ]),
  );
  if (names.size < 2) return "";
  return `"${printable(text)}" fits ${count(names.size, "name")}: compare the whole key protector ID with the device's screen.\n`;
}

function tableOf(deposits: readonly Deposit[]): string {
  const now = Date.now();
  const rows = deposits.map(
    ({ deviceName, protectorId, partialId = null, volumeType, directory, source, createdAt, depositedAt }) => [
      deviceName ?? "-",
      partialId === null
        ? protectorId
        : `${protectorId} (stands in: ${partialId === "" ? "no ID" : `${partialId} only`})`,
      `${createdAt === null ? ">" : ""}${formatAge(now - (createdAt ?? depositedAt))}`,
      volumeType ?? "-",
      directory === null ? source : `${directory}, ${source}`,
    ],
  );
  return formatTable(["DEVICE", "KEY PROTECTOR ID", "AGE", "VOLUME", "FROM"], rows, terminalWidth());
}

/** Each deposit once, with all the ways it was found. */
function jsonOf(found: readonly Finding[]): object[] {
  const all = new Map<string, { deposit: Deposit; foundBy: Set<Reading> }>();
  for (const { by, deposits } of found)
    for (const deposit of deposits) {
      const known = all.get(deposit.depositId) ?? { deposit, foundBy: new Set<Reading>() };
      all.set(deposit.depositId, known);
      known.foundBy.add(by);
    }
  return [...all.values()].map(({ deposit, foundBy }) => ({ ...deposit, foundBy: [...foundBy] }));
}
