import { recogniseFormat } from "../../../src/escrow/exports/formats/formats.ts";
import { holdsPassword } from "../../../src/escrow/exports/formats/raw-row.ts";
import { exportItems } from "../../../src/escrow/exports/read-exports.ts";
import { fileOf } from "../seeds.ts";
import { bytesOf, must, type Target } from "../target.ts";
import { CSV_WORDS, JSON_WORDS } from "./text.ts";

const PASSWORD = "461109-608201-413820-485342-181588-463056-430617-501391";
const ID = "24B0AA32-F8D0-40BA-BB05-73A800324C09";
const TEXT_WORDS = [
  ...bytesOf("\r\n", "\n", " ", "\t", ":", "::", ":<", "{", "}", "\u0000", "\ufeff", "#", "dn: ", "dn:: ", "：", "="),
  ...bytesOf(PASSWORD, ID, `{${ID}}`, "msFVE-RecoveryPassword: ", "msFVE-RecoveryGuid:: ", "MqqwJND4ukC7BXOoADJMCQ=="),
  ...bytesOf("Key id: ", "Device name: ", "BitLocker recovery key: ", "name: ", "LDAP://CN=", "x".repeat(17_000)),
];

/** One decoder of exports: bytes as they come, in two pieces, recognised or not. */
function exportTarget(
  name: string,
  share: number,
  samples: readonly string[],
  dictionary: Target["dictionary"],
): Target {
  const seeds = samples.map((sample) => fileOf("test", "exports", sample));
  // What a mutation makes unrecognisable is still read, as what it was.
  const format = recogniseFormat(Buffer.from(seeds[0]!).toString("utf8"));
  return {
    name: `export-${name}`,
    share,
    seeds,
    dictionary: dictionary ?? [],
    longest: 40_000,
    async run(input) {
      const half = Math.floor(input.length / 2);
      const open = () => [input.subarray(0, half), input.subarray(half)];
      const file = { name: "keys", isOneOfMany: true, path: null, open };
      const seen = new Set<string>();
      const onProblem = ({ what, next }: { readonly what: string; readonly next: string }) => {
        must(!holdsPassword(what + next), "a problem shows no digits of a password");
        seen.add(what.replace(/[0-9]+/g, "0").slice(0, 40));
      };
      for await (const item of exportItems([file], { format: name === "zip" ? null : format, onProblem })) {
        if ("device" in item) {
          must(!holdsPassword(item.device.deviceName + item.device.deviceId), "a device's name is no password");
          seen.add("a device");
        } else if ("reason" in item.row) {
          must(!holdsPassword(item.row.detail), "a reject shows no digits of a password");
          seen.add(item.row.reason);
        } else {
          const { deviceName, directory, deviceId } = item.row;
          must(![deviceName, directory, deviceId].some((each) => holdsPassword(each ?? "")), "no name is a password");
          seen.add("a deposit");
        }
      }
      return [...seen].sort().join(" ");
    },
  };
}

export const EXPORTS: readonly Target[] = [
  exportTarget("csv", 30_000, ["crowdstrike.csv", "crowdstrike-two-columns.csv", "id-key-upper.csv"], CSV_WORDS),
  exportTarget("ad-csv", 10_000, ["ad-powershell.csv", "ad-csvde.csv"], CSV_WORDS),
  exportTarget("mbam", 10_000, ["mbam.csv", "configmgr.csv"], CSV_WORDS),
  exportTarget("ldif", 20_000, ["ad.ldif", "ad-ldifde.ldf"], TEXT_WORDS),
  exportTarget("graph", 20_000, ["graph-with-devices.json", "graph-pages.json", "graph-bare.json"], JSON_WORDS),
  exportTarget("ad-script", 10_000, ["ad-script.txt"], TEXT_WORDS),
  exportTarget("graph-text", 10_000, ["graph-text.txt"], TEXT_WORDS),
  exportTarget("manage-bde", 10_000, ["manage-bde-en.txt", "manage-bde-many.txt", "manage-bde-ja.txt"], TEXT_WORDS),
  exportTarget(
    "zip",
    10_000,
    ["exports.zip", "odd-names.zip", "password.zip", "bomb.zip"],
    bytesOf("PK\x01\x02", "PK\x03\x04"),
  ),
];
