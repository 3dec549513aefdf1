import { describe, expect, it } from "vitest";
import { chosenFormat, parseColumns } from "../../src/escrow/exports/formats/chosen-columns.ts";
import { exportItems } from "../../src/escrow/exports/read-exports.ts";
import { MalformedError } from "../../src/wire/malformed.ts";
import { ID_A, ID_B, PASSWORD_A, PASSWORD_B } from "./fixture.ts";

async function read(columns: string, content: string | Uint8Array) {
  const told: string[] = [];
  const bytes = typeof content === "string" ? Buffer.from(content) : content;
  const file = { name: "keys", isOneOfMany: false, path: null, open: () => [bytes] };
  const format = chosenFormat(parseColumns(columns));
  for await (const item of exportItems([file], { format, onProblem: ({ what }) => told.push(what) })) {
    if ("device" in item) continue;
    if ("reason" in item.row) told.push(`${item.line} ${item.row.reason}`);
    else {
      const { protectorId, password, deviceName, serial } = item.row;
      told.push(
        `${item.line} ${protectorId?.slice(0, 8) ?? "-"} ${password.text.reveal().slice(0, 6)} ${deviceName ?? "-"}${serial ? ` ${serial}` : ""}`,
      );
    }
  }
  return told;
}

const A = `${ID_A.slice(0, 8)} ${PASSWORD_A.slice(0, 6)}`;
const B = `${ID_B.slice(0, 8)} ${PASSWORD_B.slice(0, 6)}`;

describe("columns that an operator chose", () => {
  it("are read from any table, whatever its headings", async () => {
    const csv = `Asset;Prot;Geheim;Note\nPC-1;${ID_A};${PASSWORD_A};x\nPC-2;${ID_B};;y\nPC-3;${ID_B};${PASSWORD_B};\n`;
    expect(await read("id=Prot,password=Geheim,device=Asset", csv)).toEqual([
      `2 ${A} PC-1`,
      "3 no-password",
      `4 ${B} PC-3`,
    ]);
  });

  it("are read from nested JSON by their path, with the device's name around them, before or after", async () => {
    const volume = (id: string, key: string) => ({ drive: "C:", prot: { ref: id, secret: key } });
    const devices = [
      { host: { label: "PC-1" }, volumes: [volume(ID_A, PASSWORD_A)], label: "rack 7" },
      { volumes: [volume(ID_B, PASSWORD_B)], name: "PC-2" },
    ];
    const text = JSON.stringify(devices);
    expect(await read("id=prot.ref,password=volumes.prot.secret,device=name", text)).toEqual([
      `1 ${A} -`,
      `2 ${B} PC-2`,
    ]);
    expect(await read("id=ref,password=secret", Buffer.from(`\ufeff${text}`, "utf16le"))).toEqual([
      `1 ${A} -`,
      `2 ${B} -`,
    ]);
  });

  it("that a file has not are said, and nothing is read", async () => {
    expect(await read("id=Prot,password=Secret", `Id;Key\n${ID_A};${PASSWORD_A}\n`)).toEqual([
      "has no header of such an export in line 1",
    ]);
    expect(await read("id=ref,password=nothing", `[{"ref":"${ID_A}","secret":"${PASSWORD_A}"}]`)).toEqual([
      'is JSON in which no object has "nothing"',
    ]);
  });

  it("may have a serial number, and a row without an ID is that device's", async () => {
    const csv = `Sn,Prot,Geheim\nABC1,,${PASSWORD_A}\n,,${PASSWORD_B}\n`;
    expect(await read("id=Prot,password=Geheim,serial=Sn", csv)).toEqual([
      `2 - ${PASSWORD_A.slice(0, 6)} - ABC1`,
      "3 bad-protector-id",
    ]);
    const json = JSON.stringify([
      { hw: { sn: "ABC1" }, id: ID_B, secret: PASSWORD_B },
      { sn: "X", id: ID_A, secret: PASSWORD_A },
    ]);
    expect(await read("id=id,password=secret,serial=hw.sn", json)).toEqual([`1 ${B} -`, `2 ${A} -`]);
  });

  it("keep the law: a password in another column is refused by name", async () => {
    const csv = `a,b,c\n${ID_A},${PASSWORD_A},${PASSWORD_B}\n`;
    expect(await read("id=a,password=b", csv)).toEqual([`2 ${A} -`, "2 unplaced-password"]);
  });

  it.each(["", "id=x", "password=x", "id=,password=x", "keyid=x,password=y", "x"])(
    "%j says too little or too much, and is refused",
    (text) => {
      expect(() => parseColumns(text)).toThrow(MalformedError);
    },
  );

  it("may have commas and spaces in their names", () => {
    expect(parseColumns("id=Key ID, full,password=Recovery key,device=Name, short")).toEqual({
      id: "Key ID, full",
      password: "Recovery key",
      device: "Name, short",
      serial: null,
    });
  });
});
