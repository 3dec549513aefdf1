import { createPrivateKey } from "node:crypto";
import { looksLikePassword } from "../../../src/bitlocker/password-text.ts";
import { parseRecoveryPassword } from "../../../src/bitlocker/recovery-password.ts";
import { coverage } from "../../../src/escrow/coverage/coverage.ts";
import { readDeviceList } from "../../../src/fleet/device-list.ts";
import { recognise } from "../../../src/fleet/inventory.ts";
import { parseInventory } from "../../../src/fleet/read-inventory.ts";
import {
  checkpointJson,
  checkpointText,
  parseCheckpoint,
  signatureFits,
  signCheckpoint,
} from "../../../src/ledger/checkpoint.ts";
import { exportLine, parseExportLine } from "../../../src/ledger/export.ts";
import { Surveyor } from "../../../src/ledger/survey.ts";
import { verifyEntries } from "../../../src/ledger/verify.ts";
import { parseGuid } from "../../../src/wire/guid.ts";
import { fileOf } from "../seeds.ts";
import { bytesOf, must, type Target, textOf } from "../target.ts";

const PASSWORD = "461109-608201-413820-485342-181588-463056-430617-501391";
const ID = "24B0AA32-F8D0-40BA-BB05-73A800324C09";
const CSV_WORDS = bytesOf(
  ",",
  ";",
  "\t",
  '"',
  '""',
  "\r\n",
  "\n",
  "\ufeff",
  "\u0000",
  PASSWORD,
  ID,
  "NULL",
  "System.Object[]",
  "=cmd|",
);
const JSON_WORDS = bytesOf(
  "{",
  "}",
  "[",
  "]",
  '"',
  ",",
  ":",
  "null",
  "true",
  "1e999",
  "-0",
  "\\ud800",
  "\\u0000",
  '"__proto__":',
  "1.5",
  "[".repeat(15_000),
  '{"a":'.repeat(6000),
);

const recoveryPassword: Target = {
  name: "recovery-password",
  share: 60_000,
  seeds: bytesOf(PASSWORD, PASSWORD.replaceAll("-", " "), PASSWORD.replaceAll("-", "")),
  dictionary: bytesOf("-", " ", "000000", "720885", "720896", "٣٣٣٣٣٣", "\n"),
  longest: 200,
  run(input) {
    const text = textOf(input);
    const parsed = parseRecoveryPassword(text);
    must(parseRecoveryPassword(parsed.text.reveal()).text.reveal() === parsed.text.reveal(), "one spelling");
    must(!`${parsed} ${JSON.stringify(parsed)}`.includes(parsed.text.reveal()), "a secret prints no digit");
    return "a recovery password";
  },
};

const inventory: Target = {
  name: "inventory",
  share: 20_000,
  seeds: bytesOf(
    `name,mac,serial,uuid\nPC-1,52:54:00:00:00:01,7F5RVB1,${ID}\nPC-2,52:54:00:00:00:02 52:54:00:00:00:03,,\n`,
    "\ufeffuuid;name\r\n4290b6c0-b17a-497a-8552-272cc30e80d4;B\u00fcro-PC\r\n",
    "Name\tMAC\nPC-3\t525400000004\n",
  ),
  dictionary: [
    ...CSV_WORDS,
    ...bytesOf("name", "mac", "serial", "uuid", "52:54:00:00:00:01", "__proto__", "constructor"),
  ],
  run(input) {
    const devices = parseInventory(textOf(input));
    const [first] = devices;
    for (const device of devices) {
      must(
        device.name !== "" && device.macs.length + Number(device.serial !== null) + Number(device.uuid !== null) > 0,
        "a name and a mark",
      );
      must(
        recognise(devices, { macs: device.macs, serial: device.serial, uuid: device.uuid }) === device,
        "a device is itself",
      );
    }
    return `${Math.min(devices.length, 4)} devices, ${first?.macs.length} ${first?.serial !== null} ${first?.uuid !== null}`;
  },
};

const deviceList: Target = {
  name: "device-list",
  share: 20_000,
  seeds: [
    ...bytesOf(
      `name,mac,serial,uuid,deviceId\nPC-1,52:54:00:00:00:01,7F5RVB1,${ID},${ID.toLowerCase()}\nPC-1,5.25E+11,7F5RVB1,,\n`,
      `sep=;\r\nHostname;Serial Number;Site;;\r\n"=""PC-2""";'0012;"Z\u00fcrich\nHQ";;\r\nCORP\\PC-3$;${PASSWORD};;;\r\n;;;;\r\n`,
    ),
    Buffer.from("\ufeffcomputer\tsite\r\nPC-4\tBern\r\n", "utf16le"),
    Buffer.from("\ufeffcomputer\tsite\r\nPC-4\tBern\r\n", "utf16le").swap16(),
  ],
  dictionary: [
    ...CSV_WORDS,
    ...bytesOf("name", "deviceId", "serial", "site", "sep=;\n", '="', "'", "\u00a0", "__proto__"),
  ],
  run(input) {
    const inventory = readDeviceList(input, "lenient");
    const shown = inventory.flatMap(({ name, serial, site, ring, faults }) => [name, serial, site, ring, ...faults]);
    must(!shown.some((text) => looksLikePassword(text ?? "")), "a list shows no recovery password");
    const report = coverage({ inventory, deposits: [], released: new Map(), now: 0, maxAgeDays: null });
    must(report.missing === report.devices && report.devices <= inventory.length, "each row is one device at most");
    const lines = report.list.flatMap((device) => device.lines);
    must(lines.length === inventory.length, "each row is in one device");
    return report.findings.flatMap(({ is, devices }) => (devices > 0 ? [is] : [])).join(" ");
  },
};

const ledgerLines: Target = {
  name: "ledger-export",
  share: 40_000,
  seeds: [fileOf("test", "vectors", "ledger", "version-1.jsonl"), ...bytesOf("{}\n", "[]\n")],
  dictionary: JSON_WORDS,
  longest: 40_000,
  run(input) {
    const entries = textOf(input)
      .split("\n")
      .filter((line) => line !== "")
      .map((line, index) => parseExportLine(line, index + 1));
    const verdict = verifyEntries(entries);
    const surveyor = new Surveyor([1, 2, 3]);
    for (const entry of entries) surveyor.take(entry);
    const { findings } = surveyor.end();
    must(verdict.holds === (findings.length === 0), "a survey finds something exactly where the chain breaks");
    for (const [index, entry] of entries.entries()) {
      const line = exportLine(entry);
      must(exportLine(parseExportLine(line, index + 1)) === line, "an exported line is read as it was");
    }
    return verdict.holds ? `${verdict.entries} entries hold` : verdict.fault;
  },
};

const CHECKPOINT = signCheckpoint(
  { ledgerId: parseGuid(ID), epoch: 1, seq: 7, hash: "0a".repeat(32), at: 1_721_361_600_000, station: "laptop-1" },
  // A known key, so that the seeds are the same bytes each time.
  createPrivateKey({
    key: Buffer.concat([Buffer.from("302e020100300506032b657004220420", "hex"), Buffer.alloc(32, 7)]),
    ...{ format: "der", type: "pkcs8" },
  }),
);

const checkpoint: Target = {
  name: "checkpoint",
  share: 20_000,
  seeds: bytesOf(checkpointJson(CHECKPOINT), checkpointText(CHECKPOINT)),
  dictionary: [...JSON_WORDS, ...bytesOf("BGCP1:", "bgcp2:", ":", "\r\n", "0", "-1", "1e3")],
  longest: 4_000,
  run(input) {
    const read = parseCheckpoint(textOf(input));
    must(checkpointJson(parseCheckpoint(checkpointJson(read))) === checkpointJson(read), "its JSON is read as it was");
    must(checkpointJson(parseCheckpoint(checkpointText(read))) === checkpointJson(read), "so is its text");
    return signatureFits(read) ? "signed" : "not signed";
  },
};

export const TEXT: readonly Target[] = [recoveryPassword, inventory, deviceList, ledgerLines, checkpoint];
export { CSV_WORDS, JSON_WORDS };
