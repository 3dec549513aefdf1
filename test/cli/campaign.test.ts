import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, test } from "vitest";
import { hashOfToken } from "../../src/boot/exchange.ts";
import type { EntryBody } from "../../src/ledger/events/event.ts";
import { openLedger } from "../../src/ledger/open-ledger.ts";
import { parseMac } from "../../src/wire/mac.ts";
import { event } from "../ledger/event.ts";
import { breakglass, REFUSAL } from "./program.ts";
import { run, temporaryFolder } from "./run.ts";

const DEVICE = "52:54:00:00:00:02";
let state: string;
let inventory: string;

beforeEach(async () => {
  const files = temporaryFolder();
  state = join(files, "state");
  inventory = join(files, "devices.csv");
  mkdirSync(state, { mode: 0o700 });
  writeFileSync(inventory, `name,mac,serial,uuid\nPC-1,52:54:00:00:00:01,,\nPC-2,${DEVICE},,\n`);
  await append("made", event("vault.created"));
});

async function append(commandId: string, ...bodies: EntryBody[]): Promise<void> {
  const ledger = await openLedger(join(state, "ledger.sqlite"), {
    station: "test",
    clock: Date.now,
    create: true,
  });
  for (const [index, body] of bodies.entries())
    await ledger.append({ body, actor: "station", commandId: `${commandId}${index}` });
  await ledger.close();
}

async function types(): Promise<string[]> {
  const ledger = await openLedger(join(state, "ledger.sqlite"), { station: "test", clock: Date.now });
  const entries = await ledger.read(1);
  await ledger.close();
  return entries.map(({ body }) => body.type);
}

const campaign = (...args: string[]) => run("campaign", ...args, "--state", state);
const arm = (...args: string[]) => campaign("arm", "--remedy", "channel-file-291", ...args);

const opened = (session: string, name: string, pairing: string) => {
  const device = parseMac(name);
  const hashes = { tokenHash: hashOfToken(`${session} token`), secretHash: hashOfToken(`${session} secret`) };
  const machine = { uuid: null, serial: null, vendor: null, product: null, macs: [device] };
  return event("session.opened", { session, device, ...hashes, pairing, machine });
};

describe("arm", () => {
  test("arms with the inventory, and says how to stop it from this very folder", async () => {
    const { stdout } = await arm("--inventory", inventory);
    expect(stdout).toMatch(
      /^Campaign \S+ is armed: remedy channel-file-291, 2 devices in the inventory, others: confirm\.$/m,
    );
    expect(stdout).toContain(`breakglass halt --state ${state}`);
    expect(await types()).toEqual(["campaign.armed"]);
  });

  test.each([
    ["that is not there", () => "/nowhere/devices.csv", /no such file/],
    ["that is a folder", () => state, /is a folder/],
    ["with a broken row", () => `${inventory}.broken`, /line 3: not a MAC address/],
    [
      "with two broken rows, tells both",
      () => `${inventory}.two`,
      /2 rows are wrong\. No campaign was armed\.\n {2}line 2: no name\n {2}line 3: not a MAC address/,
    ],
    ["that is empty", () => `${inventory}.empty`, /lists no device/],
  ])("with an inventory %s nothing is armed", async (_what, file, message) => {
    writeFileSync(`${inventory}.broken`, "name,mac,serial,uuid\nPC-1,525400000001,,\nPC-2,nonsense,,\n");
    writeFileSync(`${inventory}.two`, "name,mac\n,525400000001\nPC-2,nonsense\n");
    writeFileSync(`${inventory}.empty`, "");
    const failure = await arm("--inventory", file()).catch((error: Error) => error);
    expect(failure).toMatchObject({ name: "OperatorError", exitCode: 2, message: expect.stringMatching(message) });
    expect((failure as Error).message).toContain("No campaign was armed.");
    expect(await types()).toEqual([]);
  });

  test("an unknown remedy is refused by naming the known ones", async () => {
    await expect(campaign("arm", "--remedy", "channel-file-292")).rejects.toMatchObject({
      message: 'There is no remedy "channel-file-292". No campaign was armed.',
      next: expect.stringContaining("channel-file-291"),
      exitCode: 2,
    });
    expect(await types()).toEqual([]);
  });

  test("a second campaign is refused, and the first goes on", async () => {
    const { stdout } = await arm("--json");
    const { campaign: name } = JSON.parse(stdout);
    await expect(arm()).rejects.toMatchObject({ message: expect.stringContaining(name), exitCode: 3 });
    expect(JSON.parse((await campaign("status", "--json")).stdout).campaign).toMatchObject({ is: "armed" });
  });
});

describe("halt", () => {
  test("halts once, with a signed checkpoint; the second time says who halted it and why, and writes nothing", async () => {
    await arm();
    expect((await campaign("halt", "--reason", "wrong building")).stdout).toMatch(
      /^The campaign \S+ is HALTED: nothing more.*\nLedger checkpoint, signed: 4:[0-9a-f]{64}\n$/,
    );
    await expect(campaign("halt")).rejects.toMatchObject({
      message: expect.stringMatching(/is HALTED already \(wrong building\)/),
      exitCode: 3,
    });
    expect(await types()).toEqual(["campaign.armed", "campaign.halted", "station.key-made", "ledger.checkpointed"]);
  });

  test("is halted though no checkpoint can be made, and that is said", async () => {
    await arm();
    writeFileSync(join(state, "station-signing.key"), "");
    const { stdout, exitCode } = await campaign("halt");
    expect(stdout).toMatch(
      /is HALTED[^\n]*\nNo ledger checkpoint was made: The station's signing key \S+ cannot be read/,
    );
    expect([exitCode, await types()]).toEqual([0, ["campaign.armed", "campaign.halted"]]);
  });

  test("with nothing to halt, the wrong folder is thought of", async () => {
    await expect(campaign("halt")).rejects.toMatchObject({ next: expect.stringContaining("--state"), exitCode: 3 });
  });
});

describe("confirm", () => {
  test.each(["nonsense", "", "12345", "481-9021", "\u001b[2J"])("%j is no pairing code", async (code) => {
    const failure = await campaign("confirm", code).catch((error: Error) => error);
    expect(failure).toMatchObject({ name: "OperatorError", exitCode: 2 });
    expect((failure as Error).message).not.toContain("\u001b");
  });

  test("lets in the one device that shows the code, with or without the hyphen", async () => {
    await arm();
    await append("hello", opened("s1", DEVICE, "481-902"));
    await expect(campaign("confirm", "111-222")).rejects.toMatchObject({
      message: "No waiting device shows 111-222; 1 is waiting. Nothing was confirmed.",
      exitCode: 3,
    });
    expect((await campaign("confirm", "481902")).stdout).toContain(`Confirmed: device ${DEVICE}`);
    await expect(campaign("confirm", "481902")).rejects.toMatchObject({ exitCode: 3 });
  });

  test("a code that two devices show confirms neither", async () => {
    await append("hello", opened("s1", DEVICE, "481-902"), opened("s2", "52:54:00:00:00:03", "481-902"));
    await expect(campaign("confirm", "481-902")).rejects.toThrow(
      /Two devices show 481-902: 52:54:.*Nothing was confirmed/,
    );
    expect(await types()).not.toContain("pairing.confirmed");
  });
});

describe("status", () => {
  test("names devices as the inventory does, and says what they wait for", async () => {
    await arm("--inventory", inventory);
    await append("hello", opened("s1", DEVICE, "481-902"), event("device.held", { session: "s1" }));
    const { stdout } = await campaign("status");
    expect(stdout).toMatch(
      /^Campaign \S+ is armed\.\nRemedy channel-file-291; 2 devices in the inventory; others: confirm\.$/m,
    );
    expect(stdout).toMatch(new RegExp(`^${DEVICE} +PC-2 +481-902 +opened +waits: no-key$`, "m"));
    const { devices } = JSON.parse((await campaign("status", "--json")).stdout);
    expect(devices).toEqual([
      {
        device: DEVICE,
        name: "PC-2",
        session: "s1",
        pairing: "481-902",
        stage: "opened",
        held: "no-key",
        outcome: null,
      },
    ]);
  });

  test("a reason cannot drive the terminal", async () => {
    await arm();
    await campaign("halt", "--reason", "why\u001b[2J");
    expect((await campaign("status")).stdout).not.toContain("\u001b");
  });
});

test("the program itself refuses in two lines, with the documented exit code", async () => {
  const { stdout, stderr, exitCode } = await breakglass(["campaign", "halt", "--state", state]);
  expect({ stdout, exitCode }).toEqual({ stdout: "", exitCode: 3 });
  expect(stderr).toMatch(REFUSAL);
});
