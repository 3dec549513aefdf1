import { randomBytes } from "node:crypto";
import { connect as connectTls, type TLSSocket } from "node:tls";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { SCOPES, type Scope } from "../../src/api/scope.ts";
import { newTokenText } from "../../src/api/token-text.ts";
import { ID_A, PASSWORD_A, showsDigits } from "../escrow/fixture.ts";
import { event } from "../ledger/event.ts";
import { type ApiStation, LOOPBACK, startApiStation } from "./api-station.ts";

let station: ApiStation;
beforeEach(async () => {
  station = await startApiStation();
});
afterEach(() => station.close());

const calls: readonly [Scope, string, string, object | undefined][] = [
  ["status", "GET", "/operator/v1/status", undefined],
  ["lookup", "POST", "/operator/v1/lookup", { protectorId: ID_A }],
  ["release", "POST", "/operator/v1/release", { protectorId: ID_A, reason: "a test" }],
];
const KEY = { "Idempotency-Key": "0123456789" };
const everything = async () => JSON.stringify(await station.entries());

describe("a call without a good token", () => {
  it.each(calls)("of the %s route is refused, and nothing is told", async (scope, method, path, body) => {
    const good = await station.token("good");
    const expired = await station.token("expired", SCOPES, station.clock.now - 1);
    const others = await station.token(
      "others",
      SCOPES.filter((each) => each !== scope),
    );
    const unknown = newTokenText(randomBytes).reveal();
    const tries: [string | undefined, number, string][] = [
      [undefined, 401, "token-missing"],
      ["", 401, "token-missing"],
      ["x", 401, "token-missing"],
      [good.slice(0, -1), 401, "token-missing"],
      [`${good}x`, 401, "token-missing"],
      [`${good} ${good}`, 401, "token-missing"],
      [good.toLowerCase(), 401, "token-missing"],
      [unknown, 401, "token-unknown"],
      [expired, 401, "token-expired"],
      [others, 403, "scope-missing"],
    ];
    for (const [token, status, reason] of tries) {
      const answer = await station.ask(method, path, {
        ...(token !== undefined && { token }),
        ...(body !== undefined && { body }),
        headers: KEY,
      });
      expect([answer.status, answer.json.reason], `${reason}`).toEqual([status, reason]);
      expect(answer.headers["content-type"]).toMatch(/^application\/problem\+json/);
      expect(answer.headers["www-authenticate"]).toMatch(/^Bearer realm="breakglass"/);
    }
    const entries = await station.entries();
    expect(entries.filter(({ body: { type } }) => type === "key.released-by-hand")).toEqual([]);
    expect(entries.filter(({ body: { type } }) => type === "api.refused")).toHaveLength(9);
    for (const text of [good, expired, others, unknown]) expect(await everything()).not.toContain(text.slice(4, 30));
    const fine = await station.ask(method, path, { token: good, ...(body !== undefined && { body }), headers: KEY });
    expect(fine.status).toBe(200);
    expect(station.faults).toEqual([]);
  });

  it("that another process has just revoked is refused at the next request", async () => {
    const token = await station.token("gone");
    expect((await station.ask("GET", "/operator/v1/status", { token })).status).toBe(200);
    const [made] = (await station.entries()).filter(({ body }) => body.name === "gone");
    const body = event("token.revoked", { tokenId: String(made!.body.tokenId), name: "gone" });
    await station.ledger.append({ body, actor: "operator:test", commandId: "revoke" });
    expect((await station.ask("GET", "/operator/v1/status", { token })).json.reason).toBe("token-revoked");
    expect((await station.release(token, { protectorId: ID_A, reason: "x" })).json.reason).toBe("token-revoked");
  });

  it("T16 is twenty entries a minute for an address, however many tokens are tried", async () => {
    for (let times = 0; times < 1_000; times++) {
      const token = newTokenText(randomBytes).reveal();
      const { status } = await station.ask("GET", "/operator/v1/status", { token });
      expect(status).toBe(401);
    }
    expect(await station.entries()).toHaveLength(20);
    expect(station.api.counters()).toMatchObject({ unauthorised: 1_000, unwritten: 980 });
    const token = await station.token("good");
    expect((await station.ask("GET", "/operator/v1/status", { token })).status).toBe(200);
  });

  it("is refused before its body is read", async () => {
    const answer = await raw(
      "POST /operator/v1/lookup HTTP/1.1\r\nHost: s\r\nContent-Type: application/json\r\nContent-Length: 9999\r\n\r\n",
    );
    expect(answer).toMatch(/^HTTP\/1.1 401 /);
  });
});

describe("a call with a good token", () => {
  let token: string;
  beforeEach(async () => {
    token = await station.token("helpdesk");
  });
  const post = (body: string | object, headers: Record<string, string> = {}, path = "lookup") =>
    station.ask("POST", `/operator/v1/${path}`, { token, body, headers });

  it.each<[string, () => ReturnType<typeof post>, number, string]>([
    ["a body of 17 KiB", () => post({ device: "x".repeat(17 * 1024) }), 413, "too-large"],
    ["another type", () => post("{}", { "Content-Type": "text/plain" }), 415, "wrong-content-type"],
    [
      "a form",
      () => post("device=x", { "Content-Type": "application/x-www-form-urlencoded" }),
      415,
      "wrong-content-type",
    ],
    ["no JSON", () => post("{"), 400, "malformed"],
    ["an empty body", () => post(""), 400, "malformed"],
    ["no object", () => post("[]"), 400, "malformed"],
    ["null", () => post("null"), 400, "malformed"],
    ["a prototype", () => post('{"__proto__":{"device":"x"}}'), 400, "malformed"],
    ["an unknown field", () => post({ device: "PC-0001", all: true }), 400, "malformed"],
    ["two questions at once", () => post({ device: "PC-0001", first8: "24B0AA32" }), 400, "malformed"],
    ["seven characters of an ID", () => post({ first8: "24B0AA3" }), 400, "malformed"],
    ["half a surrogate pair", () => post('{"device":"\\ud800"}'), 400, "malformed"],
    ["a recovery password as a device", () => post({ device: PASSWORD_A }), 400, "looks-like-password"],
    ["a token as a device", () => post({ device: `bgt_${"x".repeat(47)}` }), 400, "looks-like-password"],
    [
      "a password as the reason",
      () => post({ protectorId: ID_A, reason: PASSWORD_A }, KEY, "release"),
      400,
      "bad-reason",
    ],
    ["a token as the reason", () => post({ protectorId: ID_A, reason: token }, KEY, "release"), 400, "bad-reason"],
    ["a blank reason", () => post({ protectorId: ID_A, reason: "  " }, KEY, "release"), 400, "bad-reason"],
    [
      "a reason that would clear the operator's screen",
      () => post({ protectorId: ID_A, reason: "\u001b[2Jfine" }, KEY, "release"),
      400,
      "bad-reason",
    ],
    ["no reason", () => post({ protectorId: ID_A }, KEY, "release"), 400, "malformed"],
    ["the first 8 of an ID", () => post({ protectorId: "24B0AA32", reason: "x" }, KEY, "release"), 400, "malformed"],
    [
      "no Idempotency-Key",
      () => post({ protectorId: ID_A, reason: "x" }, {}, "release"),
      400,
      "idempotency-key-missing",
    ],
    [
      "a short Idempotency-Key",
      () => post({ protectorId: ID_A, reason: "x" }, { "Idempotency-Key": "1" }, "release"),
      400,
      "idempotency-key-missing",
    ],
    [
      "another device's name",
      () => post({ protectorId: ID_A, reason: "x", device: "PC-0002" }, KEY, "release"),
      409,
      "device-mismatch",
    ],
    [
      "an ID that is not there",
      () => post({ protectorId: `${ID_A.slice(0, -1)}F`, reason: "x" }, KEY, "release"),
      404,
      "no-key",
    ],
    ["a query", () => station.ask("GET", "/operator/v1/status?x=1", { token }), 404, "not-found"],
    ["another method", () => station.ask("PUT", "/operator/v1/status", { token }), 404, "not-found"],
    ["a way out of its folder", () => station.ask("GET", "/operator/v1/../../etc/passwd", { token }), 404, "not-found"],
    ["an escaped way out", () => station.ask("GET", "/operator/v1/%2e%2e/status", { token }), 404, "not-found"],
    ["a broken percent sign", () => station.ask("GET", "/operator/v1/%", { token }), 400, "malformed"],
    ["two slashes", () => station.ask("GET", "//operator/v1/status", { token }), 404, "not-found"],
    ["the agents' API", () => station.ask("POST", "/agent/v1/hello", { token, body: "{}" }), 404, "not-found"],
  ])(
    "T16 and %s is refused whole: nothing leaves, nothing of it is repeated or written down",
    async (_what, ask, status, reason) => {
      const answer = await ask();
      expect([answer.status, answer.json?.reason]).toEqual([status, reason]);
      expect(answer.json.status).toBe(status);
      expect(showsDigits(answer.body + (await everything()))).toBe(false);
      expect(answer.body + (await everything())).not.toContain(token.slice(4, 40));
      expect(await everything()).not.toContain("key.released-by-hand");
      expect(station.faults).toEqual([]);
      expect((await station.ask("GET", "/operator/v1/status", { token })).status).toBe(200);
    },
  );

  it("is done 300 times a minute; beyond that nothing is done, one entry says so, and releases are not held up by it", async () => {
    for (let times = 0; times < 300; times++)
      expect((await station.ask("GET", "/operator/v1/status", { token })).status).toBe(200);
    for (let times = 0; times < 50; times++) {
      const answer = await station.ask("GET", "/operator/v1/status", { token });
      expect([answer.status, answer.json.reason, answer.headers["retry-after"]]).toEqual([429, "rate-limited", "60"]);
    }
    const outcomes = (await station.entries()).map(({ body }) => body.outcome);
    expect(outcomes.filter((outcome) => outcome === "answered")).toHaveLength(300);
    expect(outcomes.filter((outcome) => outcome === "rate-limited")).toHaveLength(1);
    expect((await station.release(token, { protectorId: ID_A, reason: "x" })).status).toBe(200);
    station.clock.now += 60_000;
    expect((await station.ask("GET", "/operator/v1/status", { token })).status).toBe(200);
  });
});

describe("a slow client of the operator API", () => {
  it.each<[string, string]>([
    ["says nothing inside TLS", ""],
    ["never ends its headers", "GET /operator/v1/status HTTP/1.1\r\nHost: "],
    ["never sends the body it announced", "TOKEN\r\nContent-Length: 1000\r\n\r\n{"],
    ["never ends a chunk", "TOKEN\r\nTransfer-Encoding: chunked\r\n\r\nff\r\n{"],
    ["sends what is no HTTP", "\x00\xff\r\n\r\n"],
  ])("T16 that %s is closed, and meanwhile others are answered", async (_what, text) => {
    await station.close();
    station = await startApiStation({ patience: { headers: 300, request: 600, idle: 1200, look: 100 } });
    const token = await station.token("helpdesk");
    const head = `POST /operator/v1/lookup HTTP/1.1\r\nHost: s\r\nContent-Type: application/json\r\nAuthorization: Bearer ${token}`;
    const slow = raw(text.replace("TOKEN", head));
    expect((await station.ask("GET", "/operator/v1/status", { token })).status).toBe(200);
    expect(await slow).toMatch(/^(|HTTP\/1.1 4[0-9]{2} .*)$/s);
    expect(station.faults).toEqual([]);
  });
});

function raw(text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let all = "";
    const socket: TLSSocket = connectTls(
      { port: station.api.port, host: LOOPBACK, ca: station.tls.caPem, servername: "" },
      () => socket.write(text),
    );
    socket.on("data", (part) => {
      all += part;
      if (all.includes("}")) socket.end();
    });
    socket.on("close", () => resolve(all)).on("error", reject);
  });
}
