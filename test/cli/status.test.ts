import { spawn } from "node:child_process";
import { mkdirSync, renameSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { hashOfToken } from "../../src/boot/exchange.ts";
import type { EntryBody } from "../../src/ledger/events/event.ts";
import { openLedger } from "../../src/ledger/open-ledger.ts";
import { PLATFORM } from "../../src/server/platform/this-platform.ts";
import { askStation, listenForUnseal } from "../../src/server/unseal-socket.ts";
import type { StationNow } from "../../src/station/station-now.ts";
import { parseMac } from "../../src/wire/mac.ts";
import { event } from "../ledger/event.ts";
import { run, temporaryFolder } from "./run.ts";

const mac = (last: number) => parseMac(`52540000000${last}`);
let state: string;
let socket: string;
let door: Server | null = null;
let lives: StationNow;

beforeEach(async () => {
  const files = temporaryFolder();
  state = join(files, "state");
  socket = join(state, "unseal.socket");
  mkdirSync(state, { mode: 0o700 });
  lives = {
    ...{ pid: 4711, since: Date.UTC(2026, 10, 30, 22, 5, 12), version: "1", sealed: false, loading: [], waiting: [] },
    lans: [{ name: "eth0", url: "https://10.77.0.2:443" }],
  };
  await append("made", event("vault.created"));
  const inventory = join(files, "devices.csv");
  writeFileSync(inventory, `name,mac\n${[1, 2, 3, 4].map((n) => `PC-${n},${mac(n)}\n`).join("")}`);
  await run("campaign", "arm", "--remedy", "channel-file-291", "--inventory", inventory, "--state", state);
});
afterEach(() => {
  door?.close();
  door = null;
});

async function append(commandId: string, ...bodies: EntryBody[]): Promise<void> {
  const ledger = await openLedger(join(state, "ledger.sqlite"), {
    ...{ station: "test", clock: Date.now, create: true },
  });
  for (const [index, body] of bodies.entries())
    await ledger.append({ body, actor: "station", commandId: `${commandId}${index}` });
  await ledger.close();
}

const listen = async () => {
  door = await listenForUnseal(
    socket,
    async () => "malformed",
    PLATFORM,
    (answer) => expect.unreachable(`it was refused: ${answer}`),
    () => lives,
  );
};

const opened = (n: number) =>
  event("session.opened", {
    ...{ session: `s${n}`, device: mac(n), pairing: "481-902" },
    ...{ tokenHash: hashOfToken(`${n} token`), secretHash: hashOfToken(`${n} secret`) },
    machine: { uuid: null, serial: null, vendor: null, product: null, macs: [mac(n)] },
  });
const reported = (n: number) => event("session.reported", { session: `s${n}`, device: mac(n), outcome: "wrong-key" });
const waits = (n: number) => event("device.held", { session: `s${n}`, device: mac(n), reason: "no-key" });

const status = (...args: string[]) => run("status", ...args, "--state", state);
const json = async () => JSON.parse((await status("--json")).stdout);

describe("status", () => {
  test("says that no station runs, what is armed, and the inventory's totals", async () => {
    const { stdout, exitCode } = await status();
    expect(stdout).toMatch(/^No station runs from \S+state\.\nCampaign \S+ is armed\.\nRemedy channel-file-291; 4 dev/);
    expect(stdout).toMatch(/^4 devices: 4 not seen\.\nTime left: Unknown: fewer than 5 devices have been rescued/m);
    expect(exitCode).toBe(0);
  });

  test("says where the station runs, since when with the clock's zone, and whether its vault is sealed", async () => {
    await listen();
    expect((await status()).stdout).toMatch(
      /^The station runs on eth0 \(https:\/\/10\.77\.0\.2:443\) from \S+state, since 2026-1[12]-[03]\d \d\d:\d\d:12 UTC\S* \(.*\), process 4711\. Its vault is unsealed\.\n/,
    );
    lives = { ...lives, sealed: true };
    expect((await status()).stdout).toContain("Its vault is SEALED: nothing is released.");
  });

  test("tells a station that was killed from one that runs: its socket is still there, and nobody answers", async () => {
    const killed = createServer();
    await new Promise<void>((resolve) => killed.listen(`${socket}.old`, resolve));
    renameSync(`${socket}.old`, socket);
    killed.close();
    expect((await status()).stdout).toMatch(/^No station runs from/);
    expect((await json()).station).toEqual({ is: "no-station", state });
  });

  test("says of a process that holds the door and tells nothing that it does not answer", async () => {
    door = await listenForUnseal(socket, async () => "malformed");
    expect(await askStation(socket)).toBe("no-answer");
    expect((await status()).stdout).toMatch(/and it does not answer/);
  });

  test("puts first who needs a person, and lists the others only when it is asked to", async () => {
    await append("a", opened(1), opened(2), reported(2));
    await append("b", opened(3), waits(3));
    const { stdout } = await status();
    expect(stdout).toMatch(/^4 devices: 1 failed, 1 waiting, 1 in hand, 1 not seen; 2 need a person\.$/m);
    expect(stdout).toMatch(
      /need a person:\n.*\n\S+02 +PC-2 +481-902 .*failed: wrong-key\n\S+03 +PC-3 .*waits: no-key\n$/,
    );
    expect((await status("--all")).stdout).toMatch(/PC-2 [\s\S]*PC-3 [\s\S]*PC-1 [\s\S]*PC-4 +- +- +- +not seen/);
  });

  test("says as JSON the same, with the load queue that the station tells", async () => {
    lives = { ...lives, waiting: [mac(4)] };
    await listen();
    await append("a", opened(1), event("boot.offered", { device: mac(4) }));
    expect(await json()).toMatchObject({
      station: { is: "running", state, pid: 4711, since: "2026-11-30T22:05:12.000Z", sealed: false },
      campaign: { is: "armed", remedy: "channel-file-291" },
      ...{ inventory: 4, others: 0, needPerson: 0, estimate: { is: "unknown", why: "too-few-rescued" } },
      counts: { waiting: 1, "in-hand": 1, "not-seen": 2 },
      oldest: { name: "PC-1" },
      newest: { name: "PC-4", stands: "waiting", why: "load-turn" },
    });
  });

  test("has no thousands separators that a locale would change", async () => {
    const inventory = join(temporaryFolder(), "many.csv");
    const rows = Array.from({ length: 1_200 }, (_, n) => `X-${n},5254${(n + 65_536).toString(16).padStart(8, "0")}\n`);
    writeFileSync(inventory, `name,mac\n${rows.join("")}`);
    await run("campaign", "halt", "--state", state);
    await run("campaign", "arm", "--remedy", "channel-file-291", "--inventory", inventory, "--state", state);
    expect((await status()).stdout).toContain("1200 devices: 1200 not seen");
  });

  test("--watch prints a line for each change where there is no terminal, and ends on Ctrl-C with exit code 0", async () => {
    const main = join(import.meta.dirname, "..", "..", "src", "cli", "main.ts");
    const child = spawn(process.execPath, [main, "status", "--watch", "--state", state], {
      stdio: ["ignore", "pipe", "ignore"],
    });
    const ended = new Promise((resolve) => child.on("close", (code, signal) => resolve([code, signal])));
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    expect((await lines.next()).value).toMatch(
      /^\d\d:\d\d:\d\d UTC\S* {2}no station, campaign armed; 4 devices: 4 not seen$/,
    );
    await append("a", opened(1));
    expect((await lines.next()).value).toMatch(/1 in hand, 3 not seen$/);
    child.kill("SIGINT");
    expect(await ended).toEqual([0, null]);
  });
});
