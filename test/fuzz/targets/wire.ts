import { decodeCpio, encodeCpio } from "../../../src/wire/cpio.ts";
import { guidFromBytes, guidToBytes, parseGuid } from "../../../src/wire/guid.ts";
import { ipv4FromBytes, ipv4ToBytes, isUnicast, parseIpv4 } from "../../../src/wire/ipv4.ts";
import { macFromBytes, macToBytes, parseMac } from "../../../src/wire/mac.ts";
import { bytesOf, must, type Target, textOf } from "../target.ts";

const words = bytesOf("{", "}", "-", ":", ".", "::ffff:", "%", "0x", " ", "\u0000", "\ufeff", "٣", "255", "256", "ff");

const guid: Target = {
  name: "guid",
  share: 60_000,
  seeds: bytesOf("24B0AA32-F8D0-40BA-BB05-73A800324C09", "{4290b6c0-b17a-497a-8552-272cc30e80d4}", "0123456789abcdef"),
  dictionary: words,
  longest: 200,
  run(input) {
    if (input.length === 16) must(Buffer.compare(guidToBytes(guidFromBytes(input)), input) === 0, "16 bytes come back");
    const parsed = parseGuid(textOf(input));
    must(parseGuid(parsed) === parsed, "one spelling");
    must(guidFromBytes(guidToBytes(parsed)) === parsed, "a GUID comes back");
    return "a GUID";
  },
};

const mac: Target = {
  name: "mac",
  share: 60_000,
  seeds: bytesOf(
    "52:54:00:12:34:56",
    "52-54-00-12-34-56",
    "5254.0012.3456",
    "525400123456",
    " 52:54:00:12:34:56\n",
    "abcdef",
  ),
  dictionary: words,
  longest: 200,
  run(input) {
    if (input.length === 6) must(Buffer.compare(macToBytes(macFromBytes(input)), input) === 0, "six bytes come back");
    const parsed = parseMac(textOf(input));
    must(parseMac(parsed) === parsed, "one spelling");
    must(macFromBytes(macToBytes(parsed)) === parsed, "a MAC address comes back");
    return "a MAC address";
  },
};

const ipv4: Target = {
  name: "ipv4",
  share: 60_000,
  seeds: bytesOf("10.99.0.2", "255.255.255.255", "0.0.0.0", "224.0.0.1", "abcd"),
  dictionary: words,
  longest: 200,
  run(input) {
    if (input.length === 4)
      must(Buffer.compare(ipv4ToBytes(ipv4FromBytes(input)), input) === 0, "four bytes come back");
    const parsed = parseIpv4(textOf(input));
    must(ipv4FromBytes(ipv4ToBytes(parsed)) === parsed, "an address comes back");
    return `an address, unicast ${isUnicast(parsed)}`;
  },
};

const archive = encodeCpio([
  { kind: "directory", path: "etc", mode: 0o755 },
  { kind: "file", path: "etc/session", mode: 0o600, bytes: Buffer.from("TOKEN=x\n") },
  { kind: "symlink", path: "bin", to: "usr/bin" },
  { kind: "character-device", path: "dev/console", mode: 0o600, major: 5, minor: 1 },
]);

const cpio: Target = {
  name: "cpio",
  share: 60_000,
  seeds: [archive, archive.slice(0, 600), encodeCpio([])],
  dictionary: bytesOf(
    "070701",
    "TRAILER!!!",
    "../",
    "/",
    "\u0000",
    "FFFFFFFF",
    "00000000",
    "0000A1FF",
    "000081A4",
    "000041ED",
  ),
  run(input) {
    const entries = decodeCpio(input);
    const again = encodeCpio(entries);
    must(Buffer.compare(encodeCpio(decodeCpio(again)), again) === 0, "decode(encode(entries)) = entries");
    return `${entries.length} members: ${[...new Set(entries.map(({ kind }) => kind))].join(" ")}`;
  },
};

export const WIRE: readonly Target[] = [guid, mac, ipv4, cpio];
