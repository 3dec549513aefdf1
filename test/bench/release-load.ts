// Audited releases a second, as the station gives them: release-load.ts RELEASES [DEVICES-WAITING]. Every answer is a
// recovery password out of its sealed record, and none comes before its entry is durable on this disk. Devices ask for the
// whole time, so many at once; one thread, the station's own code without the network. Prints one JSON object.

import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { randomRecoveryPassword } from "../../src/bitlocker/recovery-password.ts";
import { hashOfToken } from "../../src/boot/exchange.ts";
import { arm } from "../../src/campaign/command.ts";
import { createVault } from "../../src/escrow/vault.ts";
import { openLedger } from "../../src/ledger/open-ledger.ts";
import { decodeAnswer, encodeRequest } from "../../src/rescue/message.ts";
import { Desk } from "../../src/station/desk.ts";
import { Rescuer } from "../../src/station/rescuer.ts";
import { parseGuid } from "../../src/wire/guid.ts";
import { parseIpv4 } from "../../src/wire/ipv4.ts";
import { Secret } from "../../src/wire/secret.ts";
import { event } from "../ledger/event.ts";
import { deviceMac } from "./devices.ts";

const releases = Number(process.argv[2] ?? 2000);
const waiting = Number(process.argv[3] ?? 100);
const folder = mkdtempSync(join(process.env.BENCH_FOLDER ?? tmpdir(), "breakglass-release-"));
const passphrase = new Secret("six plain words for a test");
const address = parseIpv4("127.0.0.1");

const protectorOf = (index: number) => parseGuid(`${index.toString(16).padStart(8, "0")}-0000-4000-8000-000000000000`);
const secretOf = (index: number) => `secret of device ${index}`;

const ledger = await openLedger(join(folder, "ledger.sqlite"), { station: "b", clock: Date.now, create: true });
const vault = await createVault(join(folder, "vault.sqlite"), { clock: Date.now, passphrase, workFactor: 10 });
try {
  const key = (index: number) => new Uint8Array(new Uint32Array([index, index * 7, index * 13, 1]).buffer);
  const all = Array.from({ length: releases }, (_, index) => index);
  const unsaid = { directory: null, deviceId: null, volumeType: null, createdAt: null, source: "bench" };
  const deposits = all.map((index) => ({
    ...{ protectorId: protectorOf(index), password: randomRecoveryPassword(key(index)), deviceName: null },
    ...unsaid,
  }));
  for (let index = 0; index < releases; index += 500) await vault.depositAll(deposits.slice(index, index + 500));
  await vault.unseal(passphrase);

  const desk = new Desk(ledger, () => {});
  const caps = { asksPerProtector: 5, protectorsPerDevice: 3, perCampaign: releases, perMinute: releases };
  const rescuer = new Rescuer({ desk, ledger, vault, now: Date.now, random: randomBytes, caps });
  const campaign = { campaign: "bench", remedy: "r", remedySha256: "0".repeat(64), document: {}, devices: [] };
  const armed = arm({ is: "none" }, { ...campaign, unknown: "auto", hibernated: "stop" }, "operator:bench");
  if (typeof armed === "string") throw new Error(armed);
  await desk.record(armed);
  const opened = all.map((index) => {
    const device = deviceMac(index);
    const hashes = { tokenHash: hashOfToken(`token ${index}`), secretHash: hashOfToken(secretOf(index)) };
    const machine = { ...event("session.opened").machine, macs: [device] };
    const protectors = [{ volume: 1, protectorId: protectorOf(index), type: "recovery-password" }];
    const session = { session: `s${index}`, device, address, ...hashes, machine, protectors, volumes: [] };
    const body = event("session.opened", session);
    return ledger.append({ body, actor: `device:${device}`, commandId: `hello:${index}` });
  });
  await Promise.all(opened);
  await desk.catchUp();

  const request = encodeRequest({ verb: "unlock", volume: 1, tried: [] });
  const milliseconds: number[] = [];
  let next = 0;
  const device = async () => {
    for (let index = next++; index < releases; index = next++) {
      const asked = performance.now();
      const answer = decodeAnswer(await rescuer.answer("unlock", request, secretOf(index), address));
      milliseconds.push(performance.now() - asked);
      if (answer.answer !== "key" || answer.password.reveal() !== deposits[index]!.password.text.reveal())
        throw new Error(`device ${index} got ${answer.answer}`);
    }
  };
  const [began, cpu] = [performance.now(), process.cpuUsage()];
  await Promise.all(Array.from({ length: waiting }, device));
  const seconds = (performance.now() - began) / 1000;
  const { user, system } = process.cpuUsage(cpu);
  const entries = (await ledger.read(0)).filter(({ body }) => body.type === "key.released");
  if (entries.length !== releases) throw new Error(`${entries.length} entries for ${releases} releases`);
  milliseconds.sort((one, other) => one - other);
  const at = (share: number) => Math.round(milliseconds[Math.floor(share * (releases - 1))]! * 10) / 10;
  const cpuMsPerRelease = Math.round((user + system) / 10 / releases) / 100;
  const result = { releases, waiting, releasesPerSecond: Math.round(releases / seconds), cpuMsPerRelease };
  process.stdout.write(`${JSON.stringify({ ...result, p50Ms: at(0.5), p99Ms: at(0.99) })}\n`);
} finally {
  await vault.close();
  await ledger.close();
  rmSync(folder, { recursive: true });
}
