import { Ears } from "../../../src/station/ears.ts";
import { type Notice, noticeText } from "../../../src/station/notice.ts";
import { ipv4FromBytes, parseIpv4 } from "../../../src/wire/ipv4.ts";
import { packetsOf } from "../seeds.ts";
import { must, type Target, textOf } from "../target.ts";
import { DHCP_WORDS } from "./dhcp.ts";

const ours = parseIpv4("10.99.0.2");
let now = Date.UTC(2026, 10, 21);
let told = "";
const onNotice = (notice: Notice) => {
  must(/^[ -~]*$/.test(noticeText(notice)), "what an operator is told is printable");
  told = notice.reason;
};
let ears: Ears | null = null;

/** DHCPv6: a type, a transaction, options 16 and 61. */
const SOLICIT = Uint8Array.from([
  ...[1, 0, 0, 7, 0, 16, 0, 15, 0, 0, 1, 0x57, 0, 9, ...Buffer.from("PXEClient"), 0, 61, 0, 2, 0, 7],
]);

/** The station's own explanation of what it hears: datagrams, names and words of strangers. */
const live: Target = {
  name: "ears",
  share: 40_000,
  seeds: [...packetsOf("dhcp"), SOLICIT],
  dictionary: DHCP_WORDS,
  longest: 4200,
  run(input) {
    ears ??= new Ears({ now: () => now, onNotice });
    now += 40;
    told = "";
    const from = ipv4FromBytes(Uint8Array.of(10, 99, 0, 100 + (input.length % 100)));
    const datagram = {
      bytes: input,
      port: input.length % 3 === 0 ? (4011 as const) : (67 as const),
      from: { address: from, port: 68 },
    };
    ears.dhcp(datagram, input.length % 2 === 0 ? { bytes: input, to: { address: from, port: 68 } } : null, ours);
    if (input.length % 5 === 0) ears.otherServer(input, from);
    if (input.length % 5 === 1) ears.dhcp6(input, { address: `fe80::5054:ff:fe12:${input.length}%lan0`, port: 546 });
    const words = textOf(input.subarray(input.length / 2));
    const tftp = {
      name: words,
      from: { address: from, port: 2000 },
      bytes: 1,
      milliseconds: 5,
      reason: "error-from-device",
      message: words,
    };
    if (input.length % 7 === 0) ears.tftp({ kind: "aborted", ...tftp }, ours);
    if (input.length % 7 === 1) ears.tftp({ kind: "refused", name: words, from: tftp.from, reason: "not-found" }, ours);
    if (input.length % 7 === 2) ears.http(words, from, ours, null);
    if (input.length % 7 === 3) ears.http(words, from, ours, "sending")(input.length % 2 === 0);
    if (input.length % 7 === 4) ears.agent(from, ours, input.length % 2 === 0);
    ears.look();
    return told;
  },
  close() {
    ears = null;
  },
};

export const EARS: readonly Target[] = [live];
