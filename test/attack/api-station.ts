import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { request } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createToken } from "../../src/api/command.ts";
import { SCOPES, type Scope } from "../../src/api/scope.ts";
import { hashOfTokenText, newTokenText } from "../../src/api/token-text.ts";
import { createVault, type Vault } from "../../src/escrow/vault.ts";
import type { Ledger } from "../../src/ledger/ledger.ts";
import { openLedger } from "../../src/ledger/open-ledger.ts";
import { type OperatorApi, type OperatorApiOptions, startOperatorApi } from "../../src/server/operator-api.ts";
import { type StationTls, stationTls } from "../../src/server/tls.ts";
import { Desk } from "../../src/station/desk.ts";
import { guidFromBytes } from "../../src/wire/guid.ts";
import { parseIpv4 } from "../../src/wire/ipv4.ts";
import { depositOf, ID_A, ID_B, PASSPHRASE, PASSWORD_A, PASSWORD_B } from "../escrow/fixture.ts";

export const LOOPBACK = parseIpv4("127.0.0.1");

export interface Answered {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into answers as they come
  readonly json: any;
}

/** A station that is the operator API alone, with a real vault, ledger and certificate, on a free port of loopback. */
export interface ApiStation {
  readonly folder: string;
  readonly path: string;
  readonly ledger: Ledger;
  readonly vault: Vault;
  readonly tls: StationTls;
  readonly api: OperatorApi;
  readonly faults: Error[];
  readonly clock: { now: number };
  /** A token as another process makes one: written into the ledger, nothing said to the API. */
  token(name: string, scopes?: readonly Scope[], expiresAt?: number | null): Promise<string>;
  ask(method: string, path: string, options?: AskOptions): Promise<Answered>;
  release(token: string, body: object, key?: string): Promise<Answered>;
  /** All bodies of the ledger, as text. */
  entries(): Promise<readonly { readonly actor: string; readonly body: Record<string, unknown> }[]>;
  close(): Promise<void>;
}

export interface AskOptions {
  readonly token?: string;
  readonly body?: string | object;
  readonly headers?: Record<string, string>;
}

export async function startApiStation(
  options: Partial<OperatorApiOptions> & { readonly sealed?: boolean } = {},
): Promise<ApiStation> {
  const folder = mkdtempSync(join(tmpdir(), "breakglass-api-"));
  const path = join(folder, "ledger.sqlite");
  const clock = { now: Date.now() };
  const ledger = await openLedger(path, { station: "test", clock: () => clock.now, create: true });
  const vault = await createVault(join(folder, "vault.sqlite"), {
    clock: () => clock.now,
    passphrase: PASSPHRASE,
    workFactor: 1,
  });
  await vault.depositAll([depositOf(ID_A, PASSWORD_A, "PC-0001"), depositOf(ID_B, PASSWORD_B, "PC-0002")]);
  if (!options.sealed) await vault.unseal(PASSPHRASE);
  const authority = { certificate: join(folder, "station-ca.pem"), privateKey: join(folder, "station-ca.key") };
  const tls = await stationTls(authority, LOOPBACK, Date.now());
  const faults: Error[] = [];
  const api = await startOperatorApi({
    ...{ name: "test", address: LOOPBACK, port: 0, tls, ledger, vault, now: () => clock.now },
    desk: new Desk(ledger, () => {}),
    onFault: (error) => faults.push(error),
    ...options,
  });
  const ask = (method: string, to: string, asked: AskOptions = {}) => send(api.port, tls.caPem, method, to, asked);
  return {
    ...{ folder, path, ledger, vault, tls, api, faults, clock, ask },
    token: async (name, scopes = SCOPES, expiresAt = null) => {
      const text = newTokenText(randomBytes);
      const made = { tokenId: guidFromBytes(randomBytes(16)), name, scopes, hash: hashOfTokenText(text), expiresAt };
      const desk = new Desk(ledger, () => {});
      await desk.catchUp();
      const entry = createToken(desk.state.tokens, made, "operator:test");
      if (typeof entry === "string") throw new Error(entry);
      await ledger.append(entry);
      return text.reveal();
    },
    release: (token, body, key = randomBytes(8).toString("hex")) =>
      ask("POST", "/operator/v1/release", { token, body, headers: { "Idempotency-Key": key } }),
    entries: async () => (await ledger.read(0)).map(({ actor, body }) => ({ actor, body })),
    close: async () => {
      await api.close();
      await vault.close();
      await ledger.close();
      rmSync(folder, { recursive: true });
    },
  };
}

export function send(port: number, ca: string, method: string, path: string, asked: AskOptions): Promise<Answered> {
  const { token, body, headers = {} } = asked;
  const text = body === undefined || typeof body === "string" ? body : JSON.stringify(body);
  return new Promise((resolve, reject) => {
    const asking = request({
      ...{ host: LOOPBACK, port, ca, method, path, agent: false, servername: "" },
      headers: {
        ...(token !== undefined && { Authorization: `Bearer ${token}` }),
        ...(text !== undefined && { "Content-Type": "application/json", "Content-Length": Buffer.byteLength(text) }),
        ...headers,
      },
    });
    asking.on("error", reject).on("response", (response) => {
      const parts: Buffer[] = [];
      response.on("data", (part: Buffer) => parts.push(part));
      response.on("error", reject).on("end", () => {
        const whole = Buffer.concat(parts).toString();
        const isJson = /json/.test(response.headers["content-type"] ?? "");
        const json = isJson && whole !== "" ? JSON.parse(whole) : null;
        resolve({ status: response.statusCode!, headers: response.headers, body: whole, json });
      });
    });
    asking.end(text);
  });
}
