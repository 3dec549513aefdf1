import { randomUUID } from "node:crypto";
import { existsSync, mkdirSync, statSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createVault, type Vault } from "../../src/escrow/vault.ts";
import type { Ledger } from "../../src/ledger/ledger.ts";
import { openLedger } from "../../src/ledger/open-ledger.ts";
import { handOver, listenForUnseal } from "../../src/server/unseal-socket.ts";
import { Desk } from "../../src/station/desk.ts";
import { Sealer } from "../../src/station/sealer.ts";
import { breakglass, REFUSAL } from "../cli/program.ts";
import { PASSPHRASE, temporaryFolder } from "../escrow/fixture.ts";

let state: string;
let socket: string;
let ledger: Ledger;
let vault: Vault;
let sealer: Sealer;
let door: Server | null;

beforeEach(async () => {
  state = join(temporaryFolder(), "state");
  mkdirSync(state, { mode: 0o700 });
  socket = join(state, "unseal.socket");
  const clock = Date.now;
  ledger = await openLedger(join(state, "ledger.sqlite"), { station: "test", clock, create: true });
  vault = await createVault(join(state, "vault.sqlite"), { clock, passphrase: PASSPHRASE, workFactor: 1 });
  const desk = new Desk(ledger, (entry) => sealer.see(entry));
  sealer = new Sealer({
    ...{ freshId: randomUUID, vault, since: 0, idleMs: null, onSealed: () => {}, onFault: () => {} },
    record: (entry) => desk.record(entry),
    now: () => ({ wall: Date.now(), steady: performance.now() }),
  });
  door = await listenForUnseal(socket, (identity, story) => sealer.unseal(identity, story));
});
afterEach(async () => {
  await sealer.stop();
  door?.close();
  await vault.close();
  await ledger.close();
});

const unseal = (passphrase: string) =>
  breakglass(["escrow", "unseal", "--state", state, "--passphrase-fd", "3"], passphrase);

describe("a running station", () => {
  test("is unsealed by another process of the same user, and the ledger says by whom and with what", async () => {
    expect(statSync(socket).mode & 0o777).toBe(0o600);
    expect(await unseal(`${PASSPHRASE.reveal()}\n`)).toEqual({
      ...{ exitCode: 0, stderr: "", stdout: "The station's vault is unsealed.\n" },
    });
    expect(vault.sealed).toBe(false);
    expect((await ledger.read(0)).at(-1)).toMatchObject({
      actor: expect.stringMatching(/^operator:/),
      body: { type: "vault.unsealed", openedBy: { by: "passphrase" } },
    });
  });

  test("stays sealed with a wrong passphrase, which never reaches it", async () => {
    const { exitCode, stderr } = await unseal("not the passphrase\n");
    expect([exitCode, stderr]).toEqual([3, expect.stringMatching(REFUSAL)]);
    expect(vault.sealed).toBe(true);
    expect(await ledger.read(0)).toEqual([]);
  });

  test("answers anything else at its door with a word, and goes on", async () => {
    for (const text of [
      "\n",
      "{}\n",
      "null\n",
      `${JSON.stringify({ identity: "AGE-SECRET-KEY-1X" })}\n`,
      "GET / HTTP/1.1\r\n\r\n",
    ])
      expect(await say(text)).toMatch(/^(malformed\n)?$/);
    expect(await say("x".repeat(10_000))).toBe("");
    expect(vault.sealed).toBe(true);
    expect((await unseal(PASSPHRASE.reveal())).exitCode).toBe(0);
  });

  test("that took the socket keeps it: a second one in the same folder has none", async () => {
    expect(await listenForUnseal(socket, async () => "malformed")).toBeNull();
    expect((await unseal(PASSPHRASE.reveal())).exitCode).toBe(0);
  });
});

test("the socket of a station that was killed is taken over", async () => {
  door?.close();
  door = null;
  const killed = createServer();
  await new Promise<void>((resolve) => killed.listen(`${socket}.old`, resolve));
  const { renameSync } = await import("node:fs");
  renameSync(`${socket}.old`, socket);
  killed.close();
  expect(existsSync(socket)).toBe(true);
  expect(await handOver(socket, null)).toBe("no-station");
  door = await listenForUnseal(socket, async () => "malformed");
  expect(door).not.toBeNull();
});

async function say(text: string): Promise<string> {
  const { connect } = await import("node:net");
  return new Promise((resolve) => {
    let answer = "";
    const client = connect(socket, () => client.write(text));
    client.setEncoding("utf8").on("data", (part: string) => {
      answer += part;
    });
    client.on("error", () => {}).on("close", () => resolve(answer));
  });
}
