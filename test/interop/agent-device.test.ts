import { randomBytes } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parseRecoveryPassword } from "../../src/bitlocker/recovery-password.ts";
import { FVE_TAIL_BYTES } from "../../src/bitlocker/volume-layout.ts";
import { buildDisk, type CrashTestDisk, type DiskOptions } from "../../src/drill/disk/build.ts";
import { windowsTree } from "../../src/drill/disk/windows-tree.ts";
import { buildImage } from "../../src/image/build.ts";
import { REMEDIES } from "../../src/remedy/library.ts";
import { compileRemedy } from "../../src/remedy/plan.ts";
import type { Answer, Report, Request } from "../../src/rescue/message.ts";
import { Secret } from "../../src/wire/secret.ts";
import { type AgentRun, DEVICE_MAC, missingPrograms, runAgent, TOKEN } from "./agent-lab.ts";

const build = fileURLToPath(new URL("../../build", import.meta.url));
const image = join(build, "image-minimal");
const PASSWORDS = [
  "461109-608201-413820-485342-181588-463056-430617-501391",
  "496298-461032-321464-595518-463221-173943-033616-139579",
];
const BITLOCKER = {
  kind: "bitlocker",
  recoveryPasswords: PASSWORDS.map(parseRecoveryPassword),
  startupKey: true,
} as const;
const plan = compileRemedy(REMEDIES.get("channel-file-291")!, { campaign: "july", hibernated: "stop" });

const missing = missingPrograms("qemu-system-x86_64", "ntfs-3g", "mkntfs");
const folder = mkdtempSync(join(tmpdir(), "breakglass-agent-device-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const disk = (options: Partial<DiskOptions>): Promise<CrashTestDisk> =>
  buildDisk({
    file: join(folder, "disk.img"),
    espFiles: new Map(),
    windows: windowsTree(),
    protection: { kind: "plain" },
    random: randomBytes,
    now: 1_720_000_000,
    ...options,
  });

/** A station that says yes to everything; `other` may say something else first. */
const station =
  (made: CrashTestDisk, other: (request: Request, count: number) => Answer | null | undefined = () => undefined) =>
  (request: Request, count: number): Answer | null => {
    const said = other(request, count);
    if (said !== undefined) return said;
    if (request.verb === "hello") return { answer: "session", session: "s1" };
    if (request.verb === "plan") return { answer: "plan", plan };
    if (request.verb === "stage") return { answer: "done", next: null };
    if (request.verb === "report") return { answer: "done", next: request.outcome === "rescued" ? "reboot" : "stay" };
    const key = made.protectors.find((each) => each.password && !request.tried.includes(each.protectorId))!;
    return { answer: "key", volume: request.volume, protectorId: key.protectorId, password: key.password! };
  };

/** The last MiB of the Windows volume: all three copies of the metadata. */
const metadataOf = ({ file, windows }: CrashTestDisk): Buffer => {
  const from = windows.offset + windows.bytes - FVE_TAIL_BYTES;
  return readFileSync(file).subarray(from, from + FVE_TAIL_BYTES);
};

const reportOf = (run: AgentRun) => run.requests.find((request): request is Report => request.verb === "report");

// In CI nothing is skipped: there a missing program is a failure.
const skip = missing.length > 0 && process.env.CI === undefined;
describe.skipIf(skip)(`the agent on a device${missing.length > 0 ? ` (lacking ${missing})` : ""}`, () => {
  beforeAll(async () => {
    await buildImage({ out: image, cache: join(build, "cache"), driverSet: "minimal", log: () => {} });
  });

  it("unlocks a dirty BitLocker volume, quarantines the one bad file, reports it with evidence and reboots", async () => {
    const made = await disk({ protection: BITLOCKER, ntfs: { dirty: true } });
    const wrong = new Secret(`${"000011-".repeat(7)}000011`);
    const run = await runAgent(
      image,
      made.file,
      station(made, (request, count) => {
        if (request.verb === "unlock" && count === 1)
          return { answer: "wait", reason: "awaiting-confirmation", seconds: 1, text: "type the code" };
        const first = made.protectors.find((each) => each.password)!;
        if (request.verb === "unlock" && count === 2)
          return { answer: "key", volume: 1, protectorId: first.protectorId, password: wrong };
        // The station dies between the release and the report: the agent says it again until it is heard.
        return request.verb === "report" && count <= 2 ? null : undefined;
      }),
    );
    expect(run.requests[0]).toMatchObject({
      verb: "hello",
      token: TOKEN,
      machine: { serial: "BG-0001", macs: [DEVICE_MAC], uuid: "4C4C4544-0046-3510-8052-B4C04F564231" },
      volumes: [
        { volume: 1, path: "/dev/nvme0n1p3", bytes: made.windows.bytes, kind: "bitlocker", state: "encrypted" },
      ],
      protectors: made.protectors.map(({ protectorId, type }) => ({ volume: 1, protectorId, type })),
    });
    const [first, second] = made.protectors.filter((each) => each.password);
    const asked = run.requests.filter((request) => request.verb === "unlock");
    expect(asked.map((request) => request.tried)).toEqual([[], [], [first!.protectorId]]);
    const report = reportOf(run)!;
    expect(report).toMatchObject({
      outcome: "rescued",
      volumes: [{ openedBy: "recovery-password", protectorId: second!.protectorId, ntfs: "dirty" }],
      files: [{ verdict: "older" }, { verdict: "bad" }, { verdict: "good-later" }],
      verified: [{ is: "absent" }],
    });
    const bad = made.files.get(report.actions[0]!.path)!;
    expect(report.actions).toMatchObject([{ action: "quarantined", size: bad.size, sha256: bad.sha256 }]);
    expect(run.rebooted).toBe(true);
    expect(run.secrets.size).toBe(1);
    for (const digits of [...PASSWORDS, wrong.reveal()]) expect(run.serial).not.toContain(digits.slice(0, 13));
  });

  it("opens a suspended volume without any recovery password, which cryptsetup never does", async () => {
    const made = await disk({ protection: { ...BITLOCKER, clearKey: true } });
    const run = await runAgent(image, made.file, station(made));
    expect(run.requests.filter((request) => request.verb === "unlock")).toEqual([]);
    expect(reportOf(run), run.serial).toMatchObject({ outcome: "rescued", volumes: [{ openedBy: "clear-key" }] });
  });

  it.each([
    ["a locked volume, of which only the last copy is left,", 2, {}, "recovery-password"],
    ["a suspended volume", 1, { clearKey: true }, "clear-key"],
  ] as const)("opens %s whose first copy of the metadata is damaged, and writes no metadata", async (...row) => {
    const [, damagedCopies, also, openedBy] = row;
    const made = await disk({ protection: { ...BITLOCKER, ...also, damagedCopies } });
    const before = metadataOf(made);
    const run = await runAgent(image, made.file, station(made));
    expect(run.requests.filter((request) => request.verb === "unlock")).toHaveLength(openedBy === "clear-key" ? 0 : 1);
    expect(reportOf(run), run.serial).toMatchObject({ outcome: "rescued", volumes: [{ openedBy }] });
    expect(metadataOf(made).equals(before)).toBe(true);
  });

  it.each<[string, Partial<DiskOptions>, Partial<Report>]>([
    ["stops at a hibernated volume", { ntfs: { hibernated: true } }, { outcome: "volume-hibernated", actions: [] }],
    ["stops at a junction", { windows: windowsTree({ trick: "junction" }) }, { outcome: "path-refused", files: [] }],
    [
      "stops at a hard link",
      { windows: windowsTree({ trick: "hard-link" }) },
      { outcome: "path-refused", actions: [] },
    ],
    [
      "asks no key for a volume that is encrypting",
      { protection: { ...BITLOCKER, state: "encrypting" } },
      {
        outcome: "volume-encrypting",
        volumes: [{ volume: 1, openedBy: "none", protectorId: null, ntfs: null, look: "encrypting" }],
      },
    ],
  ])("%s, and stays", async (_, options, expected) => {
    const made = await disk(options);
    const run = await runAgent(image, made.file, station(made));
    expect(reportOf(run), run.serial).toMatchObject(expected);
    expect(run.requests.filter((request) => request.verb === "unlock")).toEqual([]);
    expect(run.serial).toContain("breakglass: next stay");
    expect(run.rebooted).toBe(false);
  });
});
