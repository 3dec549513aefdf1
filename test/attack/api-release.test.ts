import { spawn } from "node:child_process";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { z } from "zod";
import { arm, halt } from "../../src/campaign/command.ts";
import { ofKind } from "../../src/ledger/entry.ts";
import { openLedger } from "../../src/ledger/open-ledger.ts";
import { Desk } from "../../src/station/desk.ts";
import { depositOf, ID_A, ID_B, ID_C, PASSPHRASE, PASSWORD_A, PASSWORD_B, showsDigits } from "../escrow/fixture.ts";
import { type ApiStation, send, startApiStation } from "./api-station.ts";

let station: ApiStation;
let token: string;
beforeEach(async () => {
  station = await startApiStation();
  token = await station.token("helpdesk");
});
afterEach(() => station.close());

const ASK = { protectorId: ID_A, reason: "user at the recovery screen", ticket: "INC0012345" };
const released = async () => (await station.ledger.read(0)).filter(ofKind("key.released-by-hand"));

/** What the operator's own commands do, in their own process. */
async function campaign(what: "arm" | "halt"): Promise<void> {
  await new Desk(station.ledger, () => {}).decide(({ campaign: state }) => {
    const arming = {
      campaign: "c-1",
      remedy: "r",
      remedySha256: "0".repeat(64),
      document: {},
      hibernated: "stop",
    } as const;
    const devices = [{ name: "PC-0001", macs: [], serial: "5CG1234ABC", uuid: ID_B }];
    const entry =
      what === "arm"
        ? arm(state, { ...arming, unknown: "hold", devices }, "operator:t")
        : halt(state, "wrong", "operator:t");
    if (typeof entry === "string") throw new Error(entry);
    return { entries: [entry], value: null };
  });
}

describe("a release through the API", () => {
  it("gives one recovery password, and the ledger has who, why and which", async () => {
    const { status, json, headers } = await station.release(token, ASK);
    const [entry] = await released();
    expect(status).toBe(200);
    expect(headers["cache-control"]).toBe("no-store");
    expect(json).toEqual({
      recoveryPassword: PASSWORD_A,
      protectorId: ID_A,
      depositId: entry!.body.depositId,
      deviceName: "PC-0001",
      nth: 1,
      passwords: 1,
      receipt: { ledgerId: station.ledger.ledgerId, seq: entry!.seq, hash: entry!.hash },
    });
    const { reason, ticket } = ASK;
    const written = { channel: "api", reason, ticket, protectorId: ID_A, deviceName: "PC-0001", duringHalt: null };
    expect(entry).toMatchObject({ actor: "operator:helpdesk", body: written });
    const last = (await station.entries()).at(-1);
    expect(last).toMatchObject({
      body: { type: "api.called", route: "release", outcome: "answered", entry: entry!.seq },
    });
    expect(showsDigits(JSON.stringify(await station.ledger.read(0)))).toBe(false);
  });

  it("is not repeated for the same Idempotency-Key: the receipt of the first, and no password", async () => {
    const first = await station.release(token, ASK, "key-00000001");
    for (const body of [ASK, { ...ASK, reason: "another" }, { protectorId: ID_B, reason: "x" }]) {
      const again = await station.release(token, body, "key-00000001");
      expect([again.status, again.json.reason]).toEqual([409, "command-used"]);
      expect(again.json.receipt).toEqual({ ...first.json.receipt, protectorId: ID_A });
      expect(showsDigits(again.body)).toBe(false);
    }
    expect(await released()).toHaveLength(1);
    expect((await station.release(token, ASK, '"key-00000001"')).json.reason).toBe("command-used");
    const other = await station.token("other");
    expect((await station.release(other, ASK, "key-00000001")).status).toBe(200);
  });

  it("sent twenty times at once under one Idempotency-Key is one release, whatever is in the body", async () => {
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, index) =>
        station.release(token, { ...ASK, reason: `r${index % 3}` }, "key-00000001"),
      ),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([200, ...Array(19).fill(409)]);
    const [entry] = await released();
    for (const { status, json } of answers) if (status === 409) expect(json.receipt.seq).toBe(entry!.seq);
    expect(await released()).toHaveLength(1);
    expect(station.faults).toEqual([]);
  });

  it("of a sealed vault is refused, writes no release, and goes through with the same key once it is unsealed", async () => {
    station.vault.seal();
    const answer = await station.release(token, ASK, "key-00000001");
    expect([answer.status, answer.json.reason]).toEqual([409, "vault-sealed"]);
    expect(await released()).toEqual([]);
    expect((await station.ask("POST", "/operator/v1/lookup", { token, body: { first8: "24b0aa32" } })).json.found).toBe(
      1,
    );
    await station.vault.unseal(PASSPHRASE);
    expect((await station.release(token, ASK, "key-00000001")).status).toBe(200);
  });

  it("waits for no script: after a halt nothing is released, though it was asked for before", async () => {
    await campaign("arm");
    expect((await station.release(token, ASK)).status).toBe(200);
    const asks = Array.from({ length: 12 }, () => station.release(token, { ...ASK, protectorId: ID_B }));
    const halting = campaign("halt");
    const answers = await Promise.all(asks);
    await halting;
    const entries = await station.ledger.read(0);
    const stopped = entries.find(({ body }) => body.type === "campaign.halted")!;
    expect((await released()).filter(({ seq }) => seq > stopped.seq)).toEqual([]);
    const given = answers.filter(({ status }) => status === 200).length;
    expect((await released()).filter(({ body }) => body.protectorId === ID_B)).toHaveLength(given);
    const after = await station.release(token, { protectorId: ID_A, reason: "please", duringHalt: true });
    expect(after.json.reason).toBe("malformed");
    const last = await station.release(token, ASK);
    expect([last.status, last.json.reason]).toEqual([409, "halted"]);
  });

  it("keeps to the caps of release by hand, under concurrency, and says when to ask again", async () => {
    const answers = await Promise.all(Array.from({ length: 20 }, () => station.release(token, ASK)));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(5);
    const refused = answers.filter(({ status }) => status === 429);
    expect(refused).toHaveLength(15);
    for (const { json, headers } of refused) {
      expect(json).toMatchObject({ reason: "hand-cap", detail: "of this key protector in a day" });
      expect(Number(headers["retry-after"])).toBeGreaterThan(86_000);
      expect(Date.parse(json.until)).toBeGreaterThan(station.clock.now);
    }
    expect(await released()).toHaveLength(5);
  });

  it("is refused where the ledger cannot be written, and nothing is opened", async () => {
    const holder = await openLedger(station.path, { station: "holder", clock: Date.now });
    await holder.close();
    const { DatabaseSync } = await import("node:sqlite");
    const lock = new DatabaseSync(station.path);
    lock.exec("BEGIN IMMEDIATE");
    try {
      const answer = await station.release(token, ASK, "key-00000001");
      expect([answer.status, answer.json.reason]).toEqual([503, "ledger-unavailable"]);
      expect(showsDigits(answer.body)).toBe(false);
    } finally {
      lock.exec("ROLLBACK");
      lock.close();
    }
    expect((await station.release(token, ASK, "key-00000001")).json.recoveryPassword).toBe(PASSWORD_A);
  });
});

describe("a station that is killed with -9", () => {
  it("between the ledger's entry and the password has the entry; the same key gives that receipt and no password", async () => {
    const child = spawn(process.execPath, [join(import.meta.dirname, "api-killed.ts"), station.folder], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    const ended = new Promise<string | null>((resolve) => child.on("close", (_code, signal) => resolve(signal)));
    const port = await new Promise<number>((resolve) => child.stdout.once("data", (line) => resolve(Number(line))));
    const asked = { token, body: ASK, headers: { "Idempotency-Key": "key-00000001" } };
    await expect(send(port, station.tls.caPem, "POST", "/operator/v1/release", asked)).rejects.toThrow();
    expect(await ended).toBe("SIGKILL");
    const [entry, ...others] = await released();
    expect(others).toEqual([]);
    expect(entry).toMatchObject({ actor: "operator:helpdesk", body: { protectorId: ID_A, reason: ASK.reason } });
    const again = await station.release(token, ASK, "key-00000001");
    expect([again.json.reason, again.json.receipt.seq]).toEqual(["command-used", entry!.seq]);
    expect((await station.release(token, ASK)).json.recoveryPassword).toBe(PASSWORD_A);
  });
});

describe("lookup", () => {
  const lookup = async (body: object) =>
    (await station.ask("POST", "/operator/v1/lookup", { token, body })).json as {
      found: number;
      deposits: { protectorId: string; deviceName: string }[];
      inventory: object[];
    };

  it("finds by ID, first 8, device, and by the campaign's serial and UUID; never shows a password", async () => {
    expect(await lookup({ serial: "5CG1234ABC" })).toEqual({ found: 0, deposits: [], inventory: [] });
    await campaign("arm");
    const asked = [
      { protectorId: `{${ID_A.toLowerCase()}}` },
      { first8: "24b0aa32" },
      { device: "pc-0001" },
      { serial: "5cg1234abc" },
      { uuid: ID_B },
    ];
    for (const body of asked) {
      const found = await lookup(body);
      expect(found, JSON.stringify(body)).toMatchObject({
        found: 1,
        deposits: [{ protectorId: ID_A, deviceName: "PC-0001" }],
      });
      expect(showsDigits(JSON.stringify(found))).toBe(false);
    }
    expect((await lookup({ uuid: ID_B })).inventory).toEqual([{ name: "PC-0001", serial: "5CG1234ABC", uuid: ID_B }]);
    expect((await lookup({ device: "PC-9999" })).found).toBe(0);
    expect((await station.entries()).at(-1)).toMatchObject({ body: { type: "api.called", route: "lookup", found: 0 } });
  });

  it("shows all candidates of one key protector, and release says which of how many it gives", async () => {
    await station.vault.deposit({ ...depositOf(ID_A, PASSWORD_B, "PC-0001"), source: "newer.csv" });
    expect((await lookup({ first8: "24B0AA32" })).found).toBe(2);
    const { json } = await station.release(token, { ...ASK, nth: 2 });
    expect([json.recoveryPassword, json.nth, json.passwords]).toEqual([PASSWORD_A, 2, 2]);
    expect((await station.release(token, { ...ASK, nth: 3 })).json.reason).toBe("no-key");
  });
});

describe("coverage", () => {
  const get = () => station.ask("GET", "/operator/v1/coverage", { token });
  const post = (body: string, type = "text/csv") =>
    station.ask("POST", "/operator/v1/coverage", { token, body, headers: { "Content-Type": type } });

  it("is of the campaign's inventory, or of one that is sent, and knows what was released", async () => {
    expect((await get()).json.reason).toBe("no-inventory");
    await campaign("arm");
    const { json } = await get();
    expect(json).toMatchObject({
      campaign: "c-1",
      devices: 1,
      covered: 1,
      percentCovered: 100,
      list: [{ name: "PC-0001" }],
    });
    await station.release(token, ASK);
    expect((await get()).json).toMatchObject({ covered: 0, doubtful: 1, findings: [{ is: "released", devices: 1 }] });
    const sent = (await post("name,site\nPC-0001,Graz\nPC-0002,Graz\nPC-0003,Linz\n")).json;
    expect(sent).toMatchObject({
      campaign: null,
      devices: 3,
      covered: 1,
      doubtful: 1,
      missing: 1,
      percentCovered: 33.3,
    });
    expect((await station.entries()).at(-1)).toMatchObject({ body: { route: "coverage-of", devices: 3, covered: 1 } });
  });

  it("of a vault too large for a station that serves devices is refused there, and nowhere else", async () => {
    await station.close();
    station = await startApiStation({ mostDeposits: 1 });
    token = await station.token("helpdesk");
    const answer = await post("name\nPC-0001\n");
    expect([answer.status, answer.json.reason]).toEqual([409, "vault-too-large"]);
    expect((await station.ask("GET", "/operator/v1/status", { token })).json.vault.deposits).toBe(2);
  });

  it("refuses what is no inventory, and repeats nothing of it", async () => {
    const tries: [string, string | undefined, number, string][] = [
      ["", undefined, 400, "malformed"],
      ["name\n", undefined, 400, "malformed"],
      [`name,recoverypassword\nPC-0001,${PASSWORD_A}\n`, undefined, 400, "malformed"],
      ["{}", "application/json", 415, "wrong-content-type"],
    ];
    for (const [body, type, status, reason] of tries) {
      const answer = await post(body, type);
      expect([answer.status, answer.json.reason], body).toEqual([status, reason]);
      expect(showsDigits(answer.body)).toBe(false);
    }
    const large = await post(`name\n${"x".repeat(1024 * 1024)}`);
    expect([large.status, large.json.reason]).toEqual([413, "too-large"]);
    const limited = [await post("name\nPC-1\n"), await post("name\nPC-1\n")];
    expect(limited.map(({ status }) => status)).toEqual([200, 429]);
    expect(station.faults).toEqual([]);
  });
});

describe("rotation", () => {
  it("lists what was released, by whom and why, until a newer password of the device is deposited", async () => {
    await station.release(token, ASK);
    await station.release(token, ASK);
    const get = async () => (await station.ask("GET", "/operator/v1/rotation", { token })).json;
    const { by, why } = { by: "operator:helpdesk", why: "user at the recovery screen (INC0012345)" };
    expect(await get()).toMatchObject({
      due: 1,
      list: [{ deviceName: "PC-0001", protectorId: ID_A, by, why, releases: 2 }],
    });
    station.clock.now += 1_000;
    await station.vault.deposit(depositOf(ID_C, PASSWORD_B, "PC-0001"));
    expect(await get()).toEqual({ due: 0, list: [] });
  });
});

describe("the answers of every route", () => {
  it("fit the description that the station itself gives, and no route is left out of it", async () => {
    await campaign("arm");
    const { json: page } = await station.ask("GET", "/operator/v1/openapi.json");
    expect(page.openapi).toBe("3.1.0");
    const lookup = { device: "PC-0001" };
    const good: [string, string, object | string | undefined][] = [
      ["get", "/operator/v1/status", undefined],
      ["post", "/operator/v1/lookup", lookup],
      ["post", "/operator/v1/release", ASK],
      ["get", "/operator/v1/coverage", undefined],
      ["get", "/operator/v1/rotation", undefined],
      ["post", "/operator/v1/coverage", "name\nPC-0001\nPC-0004\n"],
    ];
    for (const [method, path, body] of good) {
      const headers = {
        "Idempotency-Key": "12345678",
        ...(typeof body === "string" && { "Content-Type": "text/csv" }),
      };
      const answer = await station.ask(method.toUpperCase(), path, {
        token,
        ...(body !== undefined && { body }),
        headers,
      });
      expect(answer.status, `${method} ${path} ${answer.body}`).toBe(200);
      const { schema } = page.paths[path][method].responses["200"].content["application/json"];
      expect(() => z.fromJSONSchema(schema).parse(answer.json), path).not.toThrow();
      const refused = await station.ask(method.toUpperCase(), path, { token: "x" });
      const problem = z.fromJSONSchema(page.components.schemas.Problem);
      expect(() => problem.parse(refused.json)).not.toThrow();
      expect(Object.keys(page.paths[path][method].responses)).toContain(String(refused.status));
    }
    const described = Object.entries<object>(page.paths).flatMap(([path, all]) =>
      Object.keys(all).map((method) => `${method} ${path}`),
    );
    expect(described.sort()).toEqual(
      ["get /operator/v1/openapi.json", ...good.map(([method, path]) => `${method} ${path}`)].sort(),
    );
  });
});
