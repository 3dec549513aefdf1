import { expect, it } from "vitest";
import { firmwareSays, notices, onLan } from "./dhcp-lan.ts";
import { describeWith } from "./needs.ts";

const DEVICE = "52:54:00:00:00:01";
const FILE_BYTES = 400_000;

/** The station and a router on one LAN, a device on another one; what is on its way to the device may be 1280 bytes long. */
const SMALL_MTU = (station: object) => `
switch near
switch far
plug station lan0 near 10.99.0.2/24
machine router
plug router near near 10.99.0.5/24
plug router far far 10.5.0.1/24
on router sh -c 'echo 1 >/proc/sys/net/ipv4/ip_forward'
on router ip route replace 10.5.0.0/24 dev far mtu lock 1280
ip route add 10.5.0.0/24 via 10.99.0.5
machine device
plug device eth0 far 10.5.0.9/24 ${DEVICE}
on device ip route add default via 10.5.0.1
station '${JSON.stringify({ interfaces: ["lan0"], devices: [DEVICE], fileBytes: FILE_BYTES, ...station })}'
echo == file-asked; asks device ${firmwareSays("ovmf-boot-request", DEVICE)} 10.99.0.2
`;
/** Prints how many bytes came, and how many of them are wrong. */
const LOAD = (name: string, blksize: number) => `
echo == ${name}
on device curl -sS --max-time 60 --tftp-blksize ${blksize} -o "$DIR/${name}" tftp://10.99.0.2/shimx64.efi || echo "curl: $?"
"$NODE" -e 'const got = require("node:fs").readFileSync(process.argv[1]);
  console.log(got.length, got.filter((byte, at) => byte !== ((at * 31 + (at >> 8)) & 0xff)).length)' "$DIR/${name}"
`;
/** The longest packet to the device, and whether any was a fragment. */
const WIRE = `
echo == wire; sleep 0.5
tcpdump -nvr "$DIR/far.pcap" 'src host 10.99.0.2' 2>/dev/null | grep -o 'flags \\[[^]]*\\].*length [0-9]*' |
  sed 's/.*flags \\[\\([^]]*\\)\\].*length \\([0-9]*\\)/\\1 \\2/' | sort | uniq -c | sort -rn
`;
const TCPDUMP = `beside router tcpdump -Z root -U -i far -w "$DIR/far.pcap" udp or 'ip[6:2] & 0x3fff != 0'
waits test -s "$DIR/far.pcap"
`;

describeWith(
  ["tcpdump", "curl", "unshare", "ip", "nsenter"],
  "a path with a smaller MTU than the block agreed on",
  () => {
    it.each([1468, 8192])("carries blocks of %i bytes to a device that put them together again", (blksize) => {
      const { said, station } = onLan(`${SMALL_MTU({})}${TCPDUMP}${LOAD("file", blksize)}${WIRE}stop`);
      expect(said.get("file")).toBe(`${FILE_BYTES} 0`);
      expect(said.get("wire")).toContain("+ 1276");
      expect(notices(station)).toEqual([]);
    });

    it("takes no fragment where serve was told the largest block", () => {
      const { said } = onLan(`${SMALL_MTU({ largestBlock: 1248 })}${TCPDUMP}${LOAD("file", 1468)}${WIRE}stop`);
      expect(said.get("file")).toBe(`${FILE_BYTES} 0`);
      expect(said.get("wire")).toContain(" 1280\n");
      expect(said.get("wire")).not.toContain("+");
    });
  },
);
