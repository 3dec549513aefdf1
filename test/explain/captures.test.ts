import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { type Explanation, explain } from "../../src/explain/explain.ts";
import { REASONS } from "../../src/explain/findings/table.ts";
import { picture } from "../../src/explain/picture.ts";
import { Boot, SITE } from "./boot.ts";
import { memorySource } from "./memory-source.ts";
import { SCENES } from "./scenes.ts";

const folder = join(import.meta.dirname, "..", "captures");
const names = readdirSync(folder)
  .filter((file) => file.endsWith(".pcap"))
  .map((file) => file.replace(".pcap", ""));
const bytesOf = (name: string) => new Uint8Array(readFileSync(join(folder, `${name}.pcap`)));
const explained = (name: string) => explain(memorySource(bytesOf(name)));
const findings = ({ devices }: Explanation) =>
  devices.flatMap(({ attempts }) => attempts.flatMap((each) => each.findings));
const reasons = (explanation: Explanation) => findings(explanation).map(({ reason }) => reason);

/** What else stands in a capture, where one failure came with others: real networks fail in company. */
const ALSO: Readonly<Record<string, readonly string[]>> = {
  "blksize-refused": ["second-stage-missing", "windowsize-ignored"],
  "grub-without-script": ["windowsize-ignored"],
  "loader-rejected": ["windowsize-ignored", "http-client-not-echoed"],
  relapsed: ["no-boot-file", "no-boot-file"],
  "second-stage-missing": ["windowsize-ignored"],
  "second-stage-rejected": ["windowsize-ignored"],
  "transfer-stalled": ["windowsize-ignored"],
  "two-boot-servers": ["loader-rejected", "windowsize-ignored"],
};

describe("a known failure", () => {
  it("has a capture that shows it, each of them", () => {
    expect(names.filter((name) => !name.startsWith("healthy-")).sort()).toEqual([...REASONS].sort());
    expect(REASONS.length).toBeGreaterThanOrEqual(15);
  });

  it.each(REASONS)("%s is found in its capture, and nothing that is not there", (reason) => {
    expect(reasons(explained(reason)).sort()).toEqual([reason, ...(ALSO[reason] ?? [])].sort());
  });

  it("of VLAN tags is silent where the capture has the frames twice, with a tag and without, or all with one tag", () => {
    const found = (build: (boot: Boot) => Boot) => {
      const boot = new Boot();
      for (const wait of [4000, 8000, 16_000]) build(boot).later(wait);
      return reasons(explain(memorySource(build(boot).pcap())));
    };
    const tagged = (asked: number | null, answered: number | null) => (boot: Boot) => {
      boot.discover();
      if (asked !== null) boot.tagged(asked);
      boot.later(1).lease(SITE);
      return answered === null ? boot : boot.tagged(answered);
    };
    expect(found(tagged(20, 30))).toEqual(["other-vlan"]);
    expect(found(tagged(null, 30))).toEqual(["other-vlan"]);
    for (const [asked, answered] of [
      [20, 20],
      [null, null],
      [null, 0],
    ] as const)
      expect(found(tagged(asked, answered))).not.toContain("other-vlan");
    const mirrored = (boot: Boot) => boot.discover().mirrored(20).later(1).lease(SITE).tagged(20).mirrored(null);
    expect(found(mirrored)).not.toContain("other-vlan");
  });

  it("names the two VLANs, and an InfiniBand device by the address that its port's GUID was made of", () => {
    const [vlan] = findings(explained("other-vlan"));
    expect(vlan!.what).toMatch(/in VLAN 20, .*10\.99\.0\.1.* in VLAN 30/);
    expect(explained("infiniband").devices.map(({ name }) => name)).toEqual(["00:02:c9:00:10:39"]);
  });

  it("says which frames prove it, and they are in the file", () => {
    for (const reason of REASONS) {
      const explanation = explained(reason);
      for (const { frames, what, cure } of findings(explanation)) {
        expect(frames.length).toBeGreaterThan(0);
        for (const [first, last] of frames)
          expect(1 <= first && first <= last && last <= explanation.frames).toBe(true);
        expect(what).toMatch(/\.$/);
        expect(cure.length).toBeGreaterThan(20);
      }
    }
  });

  it("is found in as much of each frame as tcpdump keeps with a snap length of 400 bytes", () => {
    for (const reason of REASONS) {
      const whole = reasons(explained(reason));
      expect(reasons(explain(memorySource(shortened(bytesOf(reason), 400))))).toEqual(whole);
    }
  });

  it("stands in docs/explain.md", () => {
    const page = readFileSync(join(import.meta.dirname, "..", "..", "docs", "explain.md"), "utf8");
    const listed = [...page.matchAll(/^\| (`.+?`) \|/gm)].flatMap(([, cell]) => cell!.split(", "));
    expect(listed.map((word) => word.replaceAll("`", "")).sort()).toEqual([...REASONS].sort());
  });

  it("is not seen in the first frame of its capture, before it happened", () => {
    const early = REASONS.filter((reason) => {
      const { devices } = explain(memorySource(firstFrames(bytesOf(reason), 1)));
      return devices.some(({ attempts }) => attempts.some((each) => each.findings.length > 0));
    });
    expect(early).toEqual([]);
  });
});

describe("a boot with nothing wrong", () => {
  const healthy = names.filter((name) => name.startsWith("healthy-"));

  it.each(healthy)("%s gives no finding, and shows the way from DISCOVER to the agent", (name) => {
    const explanation = explained(name);
    expect(reasons(explanation)).toEqual([]);
    const drawn = picture(explanation)
      .map(({ text }) => text)
      .join("\n");
    for (const step of ["DISCOVER", "OFFER", "ACK", "vmlinuz", "initrd", "the agent is connected"])
      expect(drawn).toContain(step);
  });
});

it("frames that a mirror port shows twice are no repeated blocks: both have one IP identification", () => {
  const blocks = { blocks: 40 };
  const boot = new Boot().exchanged().load("shimx64.efi", 1024, blocks).load("grubx64.efi", 1025, blocks);
  boot.load("/grub/grub.cfg", 1026, { blocks: 1 });
  boot.frames.splice(0, boot.frames.length, ...boot.frames.flatMap((frame) => [frame, frame]));
  const explanation = explain(memorySource(boot.pcap()));
  expect(reasons(explanation)).toEqual([]);
  const loads = explanation.devices[0]!.attempts[0]!.seen.filter((each) => each.what === "load");
  expect(loads).toMatchObject(Array.from({ length: 3 }, () => ({ blocksRepeated: 0, acksRepeated: 0, asks: 1 })));
});

describe("the captures in the repository", () => {
  it("are small", () => {
    expect(names.filter((name) => bytesOf(name).length > 30 * 1024)).toEqual([]);
  });

  it("that are made by hand are those that the scenes make (node test/explain/write-captures.ts)", () => {
    for (const [reason, scene] of Object.entries(SCENES)) expect(bytesOf(reason)).toEqual(scene().pcap());
  });
});

/** Each frame cut to a snap length. */
function shortened(bytes: Uint8Array, snapLength: number): Uint8Array {
  return rewritten(bytes, (frame) => frame.subarray(0, snapLength));
}

function firstFrames(bytes: Uint8Array, count: number): Uint8Array {
  let seen = 0;
  return rewritten(bytes, (frame) => (seen++ < count ? frame : null));
}

/** A little-endian classic pcap file with its frames changed. */
function rewritten(bytes: Uint8Array, change: (frame: Uint8Array) => Uint8Array | null): Uint8Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const parts: Uint8Array[] = [bytes.slice(0, 24)];
  for (let at = 24; at < bytes.length; ) {
    const kept = view.getUint32(at + 8, true);
    const frame = change(bytes.subarray(at + 16, at + 16 + kept));
    if (frame !== null) {
      const head = bytes.slice(at, at + 16);
      new DataView(head.buffer).setUint32(8, frame.length, true);
      parts.push(head, frame);
    }
    at += 16 + kept;
  }
  return new Uint8Array(Buffer.concat(parts));
}
