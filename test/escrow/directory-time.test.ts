import { expect, test } from "vitest";
import { parseDirectoryTime } from "../../src/escrow/exports/directory-time.ts";
import { deviceAbove } from "../../src/fleet/device-name.ts";

test.each([
  ["20240514092133.0Z", "2024-05-14T09:21:33Z"],
  ["20240514092133Z", "2024-05-14T09:21:33Z"],
  ["20240514112133.0+0200", "2024-05-14T09:21:33Z"],
  ["2024-06-15T13:45:30.0000000Z", "2024-06-15T13:45:30Z"],
  ["2024-05-14T09:21:33-00:00", "2024-05-14T09:21:33Z"],
  ["2024-05-14T04:21:33-05:00", "2024-05-14T09:21:33Z"],
  ["2024-05-14 09:21:33.000", "2024-05-14T09:21:33Z"],
  ["/Date(1715678493000)/", "2024-05-14T09:21:33Z"],
])("a directory's %s is %s", (text, iso) => {
  expect(parseDirectoryTime(text)).toBe(Date.parse(iso));
});

test.each([
  "",
  "5/14/2024 9:21:33 AM",
  "14.05.2024 09:21:33",
  "20240230000000.0Z",
  "2024-05-14T25:00:00Z",
  "00010101000000.0Z",
  "1601-01-01T00:00:00Z",
  "9999-12-31T23:59:59Z",
  "133601088000000000",
])("%j is no time: which number is the month, or which day it was, is not said", (text) => {
  expect(parseDirectoryTime(text)).toBeNull();
});

test.each([
  ["CN=2024-05-14T09:21:33-00:00{24B0AA32-F8D0-40BA-BB05-73A800324C09},CN=PC-0001,OU=Desktops,DC=corp", "PC-0001"],
  ["CN=x,CN=Lab\\, left,OU=Desktops", "Lab, left"],
  ["CN=a\\,b, CN=PC-2,DC=x", "PC-2"],
  ["CN=x", null],
  ["CN=x,OU=Desktops", null],
  ["", null],
])("the device above %j is %j", (name, device) => {
  expect(deviceAbove(name)).toBe(device);
});
