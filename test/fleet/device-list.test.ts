import { describe, expect, test } from "vitest";
import { readDeviceList } from "../../src/fleet/device-list.ts";
import { MalformedError } from "../../src/wire/malformed.ts";
import { PASSWORD_A, showsDigits } from "../escrow/fixture.ts";

const read = (text: string) => readDeviceList(Buffer.from(text), "lenient");
const UUID = "4C4C4544-0042-3510-8052-B4C04F4D3332";
const ENTRA = "1ab40ab2-32a8-4b00-b6b5-ba724e407de9";

describe("a list of devices", () => {
  test("needs a name and nothing else", () => {
    expect(read("name\nPC-1\n\nPC-2\n")).toMatchObject([
      { line: 2, name: "PC-1", macs: [], serial: null, uuid: null, deviceId: null, site: null, faults: [] },
      { line: 4, name: "PC-2" },
    ]);
  });

  test.each(["Hostname", "COMPUTER", "Computer Name", "device", "Device name", "displayName", "DNSHostName"])(
    "takes the heading %s for the name",
    (heading) => expect(read(`${heading},x\nPC-1,y`)).toMatchObject([{ name: "PC-1" }]),
  );

  test("takes serial, UUID, MAC, device ID, site and ring under the headings of common tools", () => {
    const text = `Device name,Serial number,SMBIOS-UUID,Ethernet MAC,Azure AD Device ID,Site,Ring\nPC-1,SN1,{${UUID.toLowerCase()}},525400000001,${ENTRA},Bern,canary`;
    expect(read(text)).toEqual([
      {
        ...{ line: 2, name: "PC-1", serial: "SN1", uuid: UUID, macs: ["52:54:00:00:00:01"] },
        ...{ deviceId: ENTRA, site: "Bern", ring: "canary", faults: [] },
        ...{ model: null, build: null, bmc: null, bmcKind: null },
      },
    ]);
  });

  test("takes model, Windows build and management controller under the headings of common tools", () => {
    const text = "Device name,Model,OS version,iDRAC,BMC type\nPC-1,Latitude 5440,10.0.22631.3880,10.9.0.4,redfish";
    const [device] = read(text);
    expect(device).toMatchObject({
      model: "Latitude 5440",
      build: "10.0.22631.3880",
      bmc: "10.9.0.4",
      bmcKind: "redfish",
    });
  });

  test("prefers Entra's own device ID to Intune's, which has the plainer heading", () => {
    const intune = "00000000-1111-2222-3333-444444444444";
    const text = `Device ID,Device name,Azure AD Device ID\n${intune},PC-1,${ENTRA.toUpperCase()}`;
    expect(read(text)).toMatchObject([{ deviceId: ENTRA }]);
  });

  test.each([
    ["semicolons", Buffer.from("name;serial\nPC-1;SN1")],
    ["tabs in UTF-16LE, Excel's Unicode text", Buffer.from("\ufeffname\tserial\r\nPC-1\tSN1\r\n", "utf16le")],
    ["UTF-16BE", Buffer.from("\ufeffname,serial\nPC-1,SN1", "utf16le").swap16()],
    ["UTF-16LE that lost its mark", Buffer.from("name,serial\nPC-1,SN1", "utf16le")],
    ["UTF-8 with a mark", Buffer.from("\ufeffname,serial\nPC-1,SN1")],
    ["Excel's sep line", Buffer.from("sep=;\r\nname;serial\r\nPC-1;SN1\r\n")],
    ["Excel's empty columns and rows at the end", Buffer.from("name;serial;;\r\nPC-1;SN1;;\r\n;;;\r\n;;;\r\n")],
    ["leading zeros kept the way Excel needs it", Buffer.from('name,serial\n"=""PC-1""",\'SN1')],
    ["hard spaces", Buffer.from("name,serial\n\u00a0PC-1\u00a0, SN1 ")],
  ])("reads %s", (_what, bytes) =>
    expect(readDeviceList(bytes, "lenient")).toMatchObject([{ name: "PC-1", serial: "SN1" }]),
  );

  test("reads Windows-1252, which is what Excel's plain CSV is in western Europe", () => {
    expect(readDeviceList(Buffer.from("name;site\nPC-1;Z\u00fcrich", "latin1"), "lenient")).toMatchObject([
      { site: "Zürich" },
    ]);
  });

  test.each(["CN=PC-1,OU=Desktops,DC=corp", "CORP\\PC-1", "PC-1$"])("finds the name in %s", (cell) => {
    expect(read(`name;x\n"${cell}";y`)).toMatchObject([{ name: "PC-1" }]);
  });

  test("says what is wrong with a mark, and keeps the device", () => {
    const text = "name,mac,uuid,serial\nPC-1,5.254E+11,none of it,To be filled by O.E.M.\nPC-2,52:54:00,,\n";
    const [first, second] = read(text);
    expect(first).toMatchObject({ name: "PC-1", macs: [], uuid: null });
    expect(first!.faults).toEqual([
      'not a MAC address: "5.254E+11" (a spreadsheet took it for a number)',
      'not a UUID: "none of it"',
      'it has the serial "To be filled by O.E.M.", which many devices carry',
    ]);
    expect(second!.faults).toEqual(['not a MAC address: "52:54:00"']);
  });

  test("says which line has the same mark", () => {
    const [first, second, third] = read("name,serial\nPC-1,S\nPC-2,S\nPC-1,S\n");
    expect(first!.faults).toEqual(["S is in line 3, too"]);
    expect(second!.faults).toEqual(["S is in line 2, too"]);
    expect(third!.faults).toEqual(["S is in line 3, too"]);
  });

  test("shows no recovery password that stands where a name or a mark should be", () => {
    const rows = read(`name,serial,site,uuid\n${PASSWORD_A},${PASSWORD_A},${PASSWORD_A},${PASSWORD_A}`);
    expect(showsDigits(JSON.stringify(rows))).toBe(false);
    expect(rows[0]).toMatchObject({
      name: null,
      faults: expect.arrayContaining([expect.stringMatching(/name looks/)]),
    });
  });

  test.each([
    ["nothing in it", "", /it is empty/],
    ["a heading alone", "name,serial\n", /lists no device/],
    ["no heading that it knows", "PC-1\nPC-2\n", /no heading for the devices' names/],
    ["an export of recovery passwords", "Hostname,KeyID,RecoveryKey,Directory\nPC-1,a,b,c", /column of recovery passw/],
    ["quotation marks that do not pair up", 'name,serial\nPC-1,"SN1\nPC-2,SN2\n', /line \d: its quotation marks/],
    ["a workbook", "PK\u0003\u0004rest", /workbook, not text/],
  ])("with %s is refused", (_what, text, message) => {
    expect(() => read(text)).toThrow(MalformedError);
    expect(() => read(text)).toThrow(message);
  });
});
