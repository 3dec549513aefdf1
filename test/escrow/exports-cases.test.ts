import { describe, expect, it } from "vitest";
import { exportFiles } from "../../src/escrow/exports/export-files.ts";
import { exportItems } from "../../src/escrow/exports/read-exports.ts";
import { hasSharedFiles, sharedFile } from "../shared-files.ts";

/** What becomes of every row of an export from the field: ID, the password's first group, device; or the reason. */
async function fates(name: string): Promise<string[]> {
  const told: string[] = [];
  const problems: string[] = [];
  const files = exportFiles(sharedFile("cases", "exports", name));
  for await (const item of exportItems(files, { format: null, onProblem: ({ what }) => problems.push(what) })) {
    if ("device" in item) told.push(`device ${item.device.deviceName}`);
    else if ("reason" in item.row) told.push(`${item.row.protectorId?.slice(0, 8) ?? "-"} ${item.row.reason}`);
    else {
      const { protectorId, password, deviceName } = item.row;
      told.push(`${protectorId?.slice(0, 8) ?? "-"} ${password.text.reveal().slice(0, 6)} ${deviceName ?? "-"}`);
    }
  }
  return [...told, ...problems];
}

const RIGHT: Readonly<Record<string, readonly string[]>> = {
  "01-password-first.txt": ["981D663A 196064 -", "75261176 619003 -", "0CE231F4 266805 -"],
  "02-endash.txt": [
    "160AD04B 140800 PC-0003",
    "5853AE72 398640 PC-0004",
    "E5AB6E3C 319979 PC-0005",
    "A76E2978 526900 PC-0006",
    "66AD3C0E 106172 PC-0007",
    "0D0365DD 378103 PC-0008",
    "678406E5 463958 PC-0009",
  ],
  "04-graph-null.json": ["604519B5 117029 NB-0012", "833BAC71 no-password"],
  "05-graph-page.json": ["A43F2985 405174 -", "is a page that another one follows, and its last page is missing"],
  "06-ad-deleted.csv": ["2511A691 235928 PC-0015", "79AD2A6C 047641 -", "BA924B7B 564993 PC-0017"],
  "07-ad-computername.csv": ["19993184 265276 PC-0020"],
  "08-volume-columns.csv": ["0764A5E8 238854 PC-0022"],
  "09-folder": [
    "29BAEC11 017776 -",
    "32F0D3C6 247467 PC-0028",
    "C24B0FD5 667018 PC-0029",
    "71787B20 438020 -",
    "A9D674D6 169994 -",
  ],
  "11-multi-cell.csv": [
    "827735D0 199584 PC-0036",
    "B7A7EDF3 142549 PC-0036",
    "A0BF6FA1 309661 PC-0038",
    "A42321B0 481877 PC-0038",
  ],
  "13-ansi.csv": ["5CB6E944 555753 BÜRO-PC01"],
  "14-netbios.csv": ["BF865F37 104280 PC-0052", "9226B6BA 165033 PC-0053"],
  "15-devices.json": [],
  "15-keys.json": ["1C7CE39C 417120 PC-0054", "201B3B17 143165 PC-0055"],
  "16-objectguid.txt": ["C34C9E4C 656018 -", "E2936F48 615934 -"],
  "16-de.csv": ["678406E5 463958 PC-0009"],
  "18-protector-type.txt": ["75261176 619003 PC-0001", "0CE231F4 266805 PC-0002"],
  "19-excel-zeros.csv": [
    "75261176 bad-password",
    "0CE231F4 bad-password",
    "160AD04B bad-password",
    "5853AE72 bad-password",
  ],
  "22-invoke-command.txt": ["75261176 619003 PC-0001", "0CE231F4 266805 PC-0002", "160AD04B 140800 PC-0003"],
  "24-json-per-device": ["160AD04B 140800 PC-0003", "0CE231F4 266805 PC-0002"],
};

const where = hasSharedFiles ? "" : " (NOT RUN: the cases from the field are not beside this checkout)";

describe.runIf(hasSharedFiles)(`an export from the field${where}`, () => {
  it.each(Object.entries(RIGHT))(
    "%s: each password under its own record's ID and device, or refused",
    async (name, right) => {
      expect(await fates(name)).toEqual(right);
    },
  );
});
