import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { explain } from "../../src/explain/explain.ts";
import { hasSharedFiles, sharedFile } from "../shared-files.ts";
import { memorySource } from "./memory-source.ts";

/** What is found in a capture from the field, and what the words or the cure of it name. */
const RIGHT: Readonly<Record<string, readonly [] | readonly [reason: string, ...names: string[]]>> = {
  "arch-27": ["no-loader-for-architecture", "RISC-V 64-bit UEFI"],
  "dual-offer-ignored": ["lease-not-taken", "switch", "ignores a boot offer that comes separately"],
  dup54: ["lease-not-taken", "10.99.0.1", "10.99.0.2"],
  "http-only-https": ["http-only-https", "only HTTPS"],
  "icmp-frag-needed": ["path-mtu-smaller", "1,400 bytes", "--largest-block 1368"],
  "ipv6-only": ["ipv6-only", "IPv6 only"],
  odd93: ["no-boot-file", "10.99.0.155"],
  "option43-ap-proxy": [],
  "option60-site": ["site-says-pxeclient", "Take option 60 out at the DHCP server 10.99.0.1"],
  "relay-both-sides-noboot": ["no-boot-file", "10.50.0.1"],
};

const where = hasSharedFiles ? "" : " (NOT RUN: the cases from the field are not beside this checkout)";

describe.runIf(hasSharedFiles)(`a capture from the field${where}`, () => {
  it.each(Object.entries(RIGHT))("%s: the right answer, and no other", (name, [...right]) => {
    const [reason, ...names] = right;
    const bytes = new Uint8Array(readFileSync(sharedFile("cases", "captures", `${name}.pcap`)));
    const { devices, unreadableDhcp } = explain(memorySource(bytes));
    expect(unreadableDhcp).toBe(0);
    expect(devices.map((device) => device.name)).toEqual(["52:54:00:cc:00:01"]);
    const findings = devices.flatMap(({ attempts }) => attempts.flatMap((each) => each.findings));
    expect(findings.map((each) => each.reason)).toEqual(reason === undefined ? [] : [reason]);
    for (const word of names) expect(`${findings[0]!.what} ${findings[0]!.cure}`).toContain(word);
  });
});
