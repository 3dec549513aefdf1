import { createHash, randomBytes, randomUUID } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { formatRecoveryPassword, parseRecoveryPassword } from "../../src/bitlocker/recovery-password.ts";
import { hashOfToken } from "../../src/boot/exchange.ts";
import { arm, halt } from "../../src/campaign/command.ts";
import { createVault, type Vault } from "../../src/escrow/vault.ts";
import { parseInventory } from "../../src/fleet/read-inventory.ts";
import type { Ledger } from "../../src/ledger/ledger.ts";
import { openLedger } from "../../src/ledger/open-ledger.ts";
import { REMEDIES } from "../../src/remedy/library.ts";
import { remedySha256 } from "../../src/remedy/remedy.ts";
import { type Answer, decodeAnswer, encodeRequest, type Hello, type Request } from "../../src/rescue/message.ts";
import { Desk } from "../../src/station/desk.ts";
import { Rescuer } from "../../src/station/rescuer.ts";
import { Sealer } from "../../src/station/sealer.ts";
import { parseGuid } from "../../src/wire/guid.ts";
import { parseIpv4 } from "../../src/wire/ipv4.ts";
import { parseMac } from "../../src/wire/mac.ts";
import { Secret } from "../../src/wire/secret.ts";
import { fullDiskLedger } from "../escrow/full-disk-ledger.ts";
import { event } from "../ledger/event.ts";

const device = parseMac("52:54:00:00:00:01");
const other = parseMac("52:54:00:00:00:02");
const address = parseIpv4("10.99.0.101");
const protectorId = parseGuid("24B0AA32-F8D0-40BA-BB05-73A800324C09");
const otherProtector = parseGuid("4290B6C0-B17A-497A-8552-272CC30E80D4");
const passphrase = new Secret("correct horse battery");
const password = parseRecoveryPassword(formatText(new Uint8Array(randomBytes(16))));

function formatText(key: Uint8Array): string {
  const formatted = formatRecoveryPassword(key) as unknown;
  return formatted instanceof Secret ? String(formatted.reveal()) : String(formatted);
}

let folder: string;
let ledger: Ledger;
let vault: Vault;
let desk: Desk;
let rescuer: Rescuer;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "breakglass-rescuer-"));
  await open(true);
});
afterEach(async () => {
  await vault.close();
  await ledger.close();
  rmSync(folder, { recursive: true });
});

async function open(fresh: boolean): Promise<void> {
  const clock = Date.now;
  ledger = await openLedger(join(folder, "ledger.sqlite"), { station: "test", clock, create: true });
  if (fresh) {
    vault = await createVault(join(folder, "vault.sqlite"), { clock, passphrase, workFactor: 8 });
    const unsaid = { directory: null, deviceId: null, volumeType: null, createdAt: null };
    await vault.deposit({ protectorId, password, deviceName: "PC-1", ...unsaid, source: "test" });
    await vault.unseal(passphrase);
  }
  desk = new Desk(ledger, () => {});
  rescuer = new Rescuer({ desk, ledger, vault, now: Date.now, random: randomBytes });
}

async function armFor(
  macs: string,
  unknown: "confirm" | "auto" | "hold" = "hold",
  inventory = `name,mac\nPC-1,${macs}\n`,
  releaseRate?: number,
): Promise<void> {
  const remedy = REMEDIES.get("channel-file-291")!;
  await desk.catchUp();
  const entry = arm(
    desk.state.campaign,
    {
      campaign: `c-${randomBytes(2).toString("hex")}`,
      remedy: remedy.id,
      remedySha256: remedySha256(remedy),
      document: { ...remedy },
      unknown,
      hibernated: "stop",
      devices: parseInventory(inventory),
      ...(releaseRate !== undefined && { releaseRate }),
    },
    "operator:test",
  );
  if (typeof entry === "string") throw new Error(entry);
  await desk.record(entry);
}

async function haltNow(): Promise<void> {
  await desk.catchUp();
  const entry = halt(desk.state.campaign, "test", "operator:test");
  if (typeof entry === "string") throw new Error(entry);
  // As the operator's own process does it: straight into the ledger, behind the desk's back.
  await ledger.append(entry);
}

async function mint(mac = device): Promise<string> {
  const token = randomBytes(32).toString("hex");
  const body = event("boot.token-minted", { device: mac, address, tokenHash: hashOfToken(token) });
  await desk.record({ body, actor: "station", commandId: `mint:${body.tokenHash}` });
  return token;
}

function helloOf(token: string, mac = device, ids = [protectorId]): Hello {
  return {
    verb: "hello",
    token,
    pairing: "481-902",
    machine: { uuid: null, serial: "SN1", vendor: "Lab", product: "Device", macs: [mac] },
    secureBoot: "on",
    volumes: [{ volume: 1, path: "/dev/nvme0n1p3", bytes: 1_000_000, kind: "bitlocker", state: "encrypted" }],
    protectors: ids.map((id) => ({ volume: 1, protectorId: id, type: "recovery-password" as const })),
  };
}

const secretOf = (name: string) => createHash("sha256").update(name).digest("hex");

async function ask(request: Request, secret = secretOf("agent")): Promise<Answer> {
  return decodeAnswer(await rescuer.answer(request.verb, encodeRequest(request), secret, address));
}

const unlock = (tried: (typeof protectorId)[] = []): Request => ({ verb: "unlock", volume: 1, tried });
const typesInLedger = async () => (await ledger.read(0)).map(({ body }) => body.type);

describe("hello", () => {
  it("opens a session for a fresh boot token, and the same hello again is the same session", async () => {
    await armFor(device);
    const hello = helloOf(await mint());
    const first = await ask(hello);
    expect(first).toMatchObject({ answer: "session" });
    expect(await ask(hello)).toEqual(first);
    expect((await typesInLedger()).filter((type) => type === "session.opened")).toHaveLength(1);
  });

  it("T1 refuses a replayed boot token and writes the attempt down", async () => {
    await armFor(device);
    const hello = helloOf(await mint());
    await ask(hello);
    expect(await ask(hello, secretOf("thief"))).toMatchObject({ answer: "refused", reason: "token-used" });
    expect(await typesInLedger()).toContain("session.refused");
  });

  it("T1 refuses a token that nobody minted, one that a newer boot replaced, and one of another device", async () => {
    await armFor(device, "auto");
    expect(await ask(helloOf("0".repeat(64)))).toMatchObject({ reason: "token-unknown" });
    const old = await mint();
    const fresh = await mint();
    expect(await ask(helloOf(old))).toMatchObject({ reason: "token-expired" });
    expect(await ask(helloOf(fresh, other))).toMatchObject({ reason: "device-mismatch" });
  });
});

describe("a recovery password", () => {
  it("is released to the admitted device for a protector of its hello, after the ledger has it", async () => {
    await armFor(device);
    await ask(helloOf(await mint()));
    const key = await ask(unlock());
    expect(key).toMatchObject({ answer: "key", protectorId });
    expect(key.answer === "key" && parseRecoveryPassword(key.password.reveal()).key.reveal()).toEqual(
      password.key.reveal(),
    );
    expect((await typesInLedger()).at(-1)).toBe("key.released");
  });

  it("T1 is not released without a hello", async () => {
    await armFor(device);
    expect(await ask(unlock())).toMatchObject({ answer: "refused", reason: "session-unknown" });
  });

  it("T1 is not released for another device's protector", async () => {
    await armFor(`${device} ${other}`);
    await ask(helloOf(await mint(), device, [otherProtector]));
    expect(await ask(unlock([protectorId]))).toMatchObject({ answer: "refused", reason: "protector-not-listed" });
    expect(await ask(unlock())).toMatchObject({ answer: "wait", reason: "no-key" });
  });

  it("waits while no campaign is armed, and after a halt that another process wrote", async () => {
    await armFor(device);
    await ask(helloOf(await mint()));
    await haltNow();
    expect(await ask(unlock())).toMatchObject({ answer: "wait", reason: "halted" });
    expect(await ask({ verb: "plan" })).toMatchObject({ answer: "wait", reason: "halted" });
    await armFor(device);
    expect(await ask(unlock())).toMatchObject({ answer: "key" });
    await haltNow();
    await armFor(device);
    expect(await ask(unlock())).toMatchObject({ answer: "key" });
  });

  it("T1 is not released to whoever keeps a token of a device that was told to reboot", async () => {
    await armFor(device);
    await ask(helloOf(await mint()));
    const kept = await mint();
    const empty = { volumes: [], files: [], actions: [], verified: [], stages: [] };
    await ask({ verb: "report", outcome: "rescued", ...empty } as unknown as Request);
    expect(await ask(helloOf(kept), secretOf("thief"))).toMatchObject({ answer: "refused", reason: "session-over" });
  });

  it("stays halted over a restart of the station", async () => {
    await armFor(device);
    await ask(helloOf(await mint()));
    await haltNow();
    await ledger.close();
    await open(false);
    expect(await ask(unlock())).toMatchObject({ answer: "wait", reason: "halted" });
  });

  it("for an unknown device waits until an operator has matched its pairing code", async () => {
    await armFor(other, "confirm");
    const opened = await ask(helloOf(await mint()));
    expect(await ask(unlock())).toMatchObject({ answer: "wait", reason: "awaiting-confirmation" });
    const session = opened.answer === "session" ? opened.session : "";
    const body = event("pairing.confirmed", { session, device });
    await ledger.append({ body, actor: "operator:test", commandId: "pair" });
    expect(await ask(unlock())).toMatchObject({ answer: "key" });
  });

  it("waits while the vault is sealed", async () => {
    await armFor(device);
    await ask(helloOf(await mint()));
    vault.seal();
    expect(await ask(unlock())).toMatchObject({ answer: "wait", reason: "vault-sealed" });
  });

  it("waits where the campaign's rate is reached, also after a restart of the station", async () => {
    await armFor(device, "auto", undefined, 1);
    const deposit = { deviceName: null, directory: null, deviceId: null, volumeType: null, createdAt: null };
    const second = parseRecoveryPassword(formatText(new Uint8Array(randomBytes(16))));
    await vault.deposit({ protectorId: otherProtector, password: second, ...deposit, source: "test" });
    await ask(helloOf(await mint()));
    await ask(helloOf(await mint(other), other, [otherProtector]), secretOf("other"));
    expect(await ask(unlock())).toMatchObject({ answer: "key", protectorId });
    expect(await ask(unlock(), secretOf("other"))).toMatchObject({ answer: "wait", reason: "rate-cap" });
    await ledger.close();
    await open(false);
    expect(await ask(unlock(), secretOf("other"))).toMatchObject({ answer: "wait", reason: "rate-cap" });
    expect(await ask(unlock())).toMatchObject({ answer: "key", protectorId });
  });

  it("is not released after a halt and a new campaign until the vault, which the halt sealed, is unsealed", async () => {
    const identity = vault.heldIdentity();
    const sealer = new Sealer({
      ...{
        freshId: randomUUID,
        vault,
        since: 0,
        idleMs: null,
        onSealed: () => {},
        now: () => ({ wall: Date.now(), steady: 0 }),
      },
      record: (entry) => desk.record(entry),
      onFault: (error) => {
        throw error;
      },
    });
    desk = new Desk(ledger, (entry) => sealer.see(entry));
    rescuer = new Rescuer({ desk, ledger, vault, now: Date.now, random: randomBytes });
    await armFor(device);
    await ask(helloOf(await mint()));
    await haltNow();
    await armFor(device);
    expect(await ask(unlock())).toMatchObject({ answer: "wait", reason: "vault-sealed" });
    expect(await sealer.unseal(identity, { actor: "operator:ada", openedBy: { by: "passphrase" } })).toBe("unsealed");
    expect(await ask(unlock())).toMatchObject({ answer: "key" });
    await sealer.stop();
  });

  it("is not released any more in a session that has reported, nor in one that a newer boot replaced", async () => {
    await armFor(device);
    await ask(helloOf(await mint()));
    await ask(helloOf(await mint()), secretOf("second boot"));
    expect(await ask(unlock())).toMatchObject({ answer: "refused", reason: "session-over" });
    const report = {
      verb: "report",
      outcome: "no-volume",
      volumes: [],
      files: [],
      actions: [],
      verified: [],
      stages: [],
    };
    await ask(report as unknown as Request, secretOf("second boot"));
    expect(await ask(unlock(), secretOf("second boot"))).toMatchObject({ answer: "refused", reason: "session-over" });
  });

  it("is not in the ledger", async () => {
    await armFor(device);
    await ask(helloOf(await mint()));
    const key = await ask(unlock());
    const digits = key.answer === "key" ? key.password.reveal() : "";
    expect(digits).not.toBe("");
    expect(JSON.stringify(await ledger.read(0)).includes(digits)).toBe(false);
  });
});

describe("at the same instant", () => {
  it("T1 of two hellos with one boot token one opens a session and the other is a replay on record", async () => {
    await armFor(device);
    const hello = helloOf(await mint());
    const answers = await Promise.all([ask(hello), ask(hello, secretOf("thief"))]);
    expect(answers.map(({ answer }) => answer).sort()).toEqual(["refused", "session"]);
    expect(await typesInLedger()).toContain("session.refused");
  });

  it("T1 a halt and requests for a recovery password: none leaves after the halt", async () => {
    await armFor(device);
    await ask(helloOf(await mint()));
    const asks = [ask(unlock()), haltNow(), ask(unlock()), ask(unlock())] as const;
    const given = (await Promise.all(asks)).filter((answer) => answer !== undefined && answer.answer === "key").length;
    const types = await typesInLedger();
    const released = types.filter((type) => type === "key.released");
    expect(released).toHaveLength(given);
    expect(types.lastIndexOf("key.released")).toBeLessThan(types.indexOf("campaign.halted"));
  });

  it("T1 a report and requests for a recovery password: none leaves after the report", async () => {
    await armFor(device);
    await ask(helloOf(await mint()));
    const empty = { volumes: [], files: [], actions: [], verified: [], stages: [] };
    const report = { verb: "report", outcome: "no-volume", ...empty } as unknown as Request;
    const answers = await Promise.all([ask(unlock()), ask(report), ask(unlock()), ask(unlock([protectorId]))]);
    const types = await typesInLedger();
    expect(types.filter((type) => type === "key.released")).toHaveLength(
      answers.filter(({ answer }) => answer === "key").length,
    );
    expect(types.lastIndexOf("key.released")).toBeLessThan(types.indexOf("session.reported"));
  });

  it("T1 a newer boot and requests of the older session: none is answered after it", async () => {
    await armFor(device);
    await ask(helloOf(await mint()));
    const newer = helloOf(await mint());
    await Promise.all([ask(unlock()), ask(newer, secretOf("second boot")), ask(unlock()), ask(unlock())]);
    const entries = await ledger.read(0);
    const opened = entries.filter(({ body }) => body.type === "session.opened");
    const late = entries.filter(({ seq, body }) => body.type === "key.released" && seq > opened[1]!.seq);
    expect(late).toEqual([]);
  });

  it("two different reports are one, and both are answered", async () => {
    await armFor(device);
    await ask(helloOf(await mint()));
    const empty = { volumes: [], files: [], actions: [], verified: [], stages: [] };
    const reports = ["no-volume", "mount-failed"].map((outcome) => ({ verb: "report", outcome, ...empty }));
    const answers = await Promise.all(reports.map((report) => ask(report as unknown as Request)));
    expect(answers.map(({ answer }) => answer)).toEqual(["done", "done"]);
    expect((await typesInLedger()).filter((type) => type === "session.reported")).toHaveLength(1);
  });
});

describe("an agent that claims to be a device of the inventory", () => {
  const inventory = `name,mac,serial,uuid\nPC-1,${other},SN1,6BB65E04-1D1C-4F0E-9A3B-6A1B2C3D0001\n`;
  const claimed = parseGuid("6BB65E04-1D1C-4F0E-9A3B-6A1B2C3D0001");
  const claiming = (hello: Hello, machine: Partial<Hello["machine"]>): Hello => ({
    ...hello,
    machine: { ...hello.machine, ...machine },
  });

  it.each(["confirm", "hold"] as const)(
    "T1 by serial, UUID or a second MAC alone waits until its pairing code is matched (--unknown %s)",
    async (unknown) => {
      await armFor("", unknown, inventory);
      const machine = { serial: "SN1", uuid: claimed, macs: [device, other] };
      await ask(claiming(helloOf(await mint()), machine));
      expect(await ask(unlock())).toMatchObject({ answer: "wait", reason: "awaiting-confirmation" });
      expect(await typesInLedger()).not.toContain("key.released");
    },
  );

  it.each([
    ["another serial", { serial: "SN9", uuid: claimed }],
    ["no serial", { serial: null, uuid: claimed }],
    ["another UUID", { serial: "SN1", uuid: parseGuid("6BB65E04-1D1C-4F0E-9A3B-6A1B2C3D0009") }],
  ])("T1 by its MAC, but with %s, waits as well", async (_what, machine) => {
    await armFor("", "confirm", inventory);
    await ask(claiming(helloOf(await mint(other), other), machine));
    expect(await ask(unlock())).toMatchObject({ answer: "wait", reason: "awaiting-confirmation" });
  });

  it("is that device without a question if all marks agree", async () => {
    await armFor("", "confirm", inventory);
    await ask(claiming(helloOf(await mint(other), other), { serial: "SN1", uuid: claimed }));
    expect(await ask(unlock())).toMatchObject({ answer: "key" });
  });
});

describe("a MAC address that booted with another UUID than the agent says", () => {
  const [mine, other] = ["11223344-5566-7788-4444-555555555555", "66666666-7777-8888-9999-AAAAAAAAAAAA"].map(parseGuid);
  it.each([
    ["T1 waits for the pairing code, whoever's UUID the hello has", other, "awaiting-confirmation"],
    ["goes on where both are the same", mine, undefined],
  ])("%s", async (_, booted, reason) => {
    await armFor(device);
    const body = event("boot.offered", { device, address, uuid: booted! });
    await desk.record({ body, actor: "station", commandId: "boot:1" });
    const hello = helloOf(await mint());
    await ask({ ...hello, machine: { ...hello.machine, uuid: mine! } });
    const answer = reason === undefined ? { answer: "key" } : { answer: "wait", reason };
    expect(await ask(unlock())).toMatchObject(answer);
  });
});

describe("a device that boots from two addresses", () => {
  const offered = (from: string) => {
    const body = event("boot.offered", { device, address: parseIpv4(from), uuid: null });
    return desk.record({ body, actor: "station", commandId: `boot:${from}` });
  };

  it("T1 waits for its pairing code, whether the second comes before hello or after", async () => {
    await armFor(device);
    await offered("10.99.0.101");
    const opened = await ask(helloOf(await mint()));
    await offered("10.99.0.66");
    expect(await ask(unlock())).toMatchObject({ answer: "wait", reason: "awaiting-confirmation" });
    expect(await ask({ verb: "plan" })).toMatchObject({ answer: "wait", reason: "awaiting-confirmation" });
    const session = opened.answer === "session" ? opened.session : "";
    const body = event("pairing.confirmed", { session, device });
    await ledger.append({ body, actor: "operator:test", commandId: "pair" });
    expect(await ask(unlock())).toMatchObject({ answer: "key" });

    await ask(helloOf(await mint()), secretOf("copied MAC"));
    expect(await ask(unlock(), secretOf("copied MAC"))).toMatchObject({ reason: "awaiting-confirmation" });
  });
});

describe("a flood", () => {
  it("T16 of refused hellos and unknown sessions is twenty entries a minute for an address, then counted", async () => {
    await armFor(device);
    for (let times = 0; times < 20; times++) {
      await ask(helloOf("0".repeat(64)));
      expect(await ask(unlock())).toMatchObject({ answer: "refused", reason: "session-unknown" });
      await rescuer.answer("hello", "rubbish", secretOf("agent"), address);
    }
    expect((await typesInLedger()).filter((type) => type === "session.refused")).toHaveLength(20);
    expect(rescuer.counters).toEqual({ unwritten: 40 });
    await ask(helloOf(await mint()));
    expect(await ask(unlock())).toMatchObject({ answer: "key" });
  });

  it("T16 of stages and of asks for strange protectors is 200 entries a session, and the rescue goes on", async () => {
    await armFor(device);
    await ask(helloOf(await mint()));
    const before = (await typesInLedger()).length;
    const strange = (index: number) => parseGuid(`00000000-0000-0000-0000-${String(index).padStart(12, "0")}`);
    for (let times = 0; times < 120; times++) {
      await ask({ verb: "stage", stage: "waiting", uptime: times });
      expect(await ask(unlock([strange(times)]))).toMatchObject({ reason: "protector-not-listed" });
    }
    expect((await typesInLedger()).length - before).toBe(200);
    expect(await ask(unlock())).toMatchObject({ answer: "key" });
    expect((await typesInLedger()).at(-1)).toBe("key.released");
  });
});

describe("a report", () => {
  const report = (outcome: string): Request =>
    ({ verb: "report", outcome, volumes: [], files: [], actions: [], verified: [], stages: [] }) as unknown as Request;

  it("counts once, and the agent that repeats it after a restart hears the same", async () => {
    await armFor(device);
    await ask(helloOf(await mint()));
    expect(await ask(report("rescued"))).toEqual({ answer: "done", next: "reboot" });
    await ledger.close();
    await open(false);
    expect(await ask(report("rescued"))).toEqual({ answer: "done", next: "reboot" });
    expect((await typesInLedger()).filter((type) => type === "session.reported")).toHaveLength(1);
  });

  it("of a failure leaves the device where a person can read its screen", async () => {
    await armFor(device);
    await ask(helloOf(await mint()));
    expect(await ask(report("volume-hibernated"))).toEqual({ answer: "done", next: "stay" });
  });
});

describe("a message", () => {
  it("that is not one is refused whole, and written down", async () => {
    const answer = await rescuer.answer("unlock", "breakglass-agent\t2\tunlock\n", secretOf("agent"), address);
    expect(decodeAnswer(answer)).toMatchObject({ answer: "refused", reason: "malformed" });
    expect(await typesInLedger()).toEqual(["session.refused"]);
  });

  it("waits, and nothing is released, while the ledger cannot be written", async () => {
    await armFor(device);
    await ask(helloOf(await mint()));
    const stuck = fullDiskLedger(ledger, "ledger.sqlite", () => true);
    rescuer = new Rescuer({
      desk: new Desk(stuck, () => {}),
      ledger: stuck,
      vault,
      now: Date.now,
      random: randomBytes,
    });
    expect(await ask(unlock())).toMatchObject({ answer: "wait", reason: "ledger-unavailable" });
  });
});
