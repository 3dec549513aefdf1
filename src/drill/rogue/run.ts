import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { ofKind } from "../../ledger/entry.ts";
import { deviceOf } from "../../ledger/events/event.ts";
import type { LabNode } from "../lab/network.ts";
import type { Station } from "../lab/station.ts";
import type { ExpectedDevice } from "../prepare.ts";
import type { Check } from "../report/result.ts";
import type { Story } from "../report/story.ts";
import type { Attempt, RogueTarget } from "./attempt.ts";

interface AttackOptions {
  readonly lab: { readonly rogue: LabNode; readonly station: LabNode };
  readonly self: readonly string[];
  readonly story: Story;
  readonly station: Station;
  readonly devices: readonly ExpectedDevice[];
  readonly folder: string;
}

const ROGUE_MAC = "52:54:00:66:66:66";
const PATIENCE = 180_000;

/** Sets the attacker loose while the first device is being rescued. A check for each thing it tried. */
export async function attack(options: AttackOptions): Promise<readonly Check[]> {
  const { lab, self, story, station, devices, folder } = options;
  const victim = devices[0]!;
  const booting = await station.waitFor(({ body }) => deviceOf(body) === victim.mac, PATIENCE);
  if (booting === null) return [];
  const target: RogueTarget = {
    station: lab.station.address,
    own: lab.rogue.address,
    mac: ROGUE_MAC,
    victim: { ...victim, protectorIds: victim.escrowed === null ? [] : [victim.escrowed.protectorId] },
  };
  const file = join(folder, "rogue-target.json");
  const { mac, uuid, serial, protectorIds } = { ...target.victim };
  writeFileSync(file, JSON.stringify({ ...target, victim: { mac, uuid, serial, protectorIds } }));
  story.tell(null, "attacker on the LAN begins", "bad");
  const program = lab.rogue.start([...self, "drill", "rogue", file], { log: join(folder, "rogue.log") });
  const code = await Promise.race([program.ended, new Promise<number>((done) => setTimeout(done, PATIENCE, 124))]);
  await program.stop(0);
  const attempts = program.lines.flatMap(parseAttempt);
  for (const { id, blocked, evidence } of attempts)
    story.tell(
      null,
      `attacker: ${id}: ${blocked ? "gained nothing" : "GOT THROUGH"} (${evidence})`,
      blocked ? "plain" : "bad",
    );
  const checks = attempts.map(({ id, title, blocked, evidence }) => check(id, title, blocked, evidence));
  checks.push(
    check(
      "attacker-ran",
      "the attacker tried everything it wanted to",
      code === 0,
      `exit code ${code}, ${attempts.length} attempts`,
    ),
  );
  checks.push(...(await onRecord(station, lab.rogue.address, victim.mac)));
  return checks;
}

/** What the station wrote down of it: refusals are ledger entries, rubbish is counted. */
async function onRecord(station: Station, address: string, victim: string): Promise<Check[]> {
  // Counters are printed every five seconds.
  await new Promise((resolve) => setTimeout(resolve, 6000));
  const refusals = station.entries.filter(ofKind("session.refused", "key.refused"));
  const reasons = refusals.map(({ body }) => body.reason);
  const wanted = ["session-unknown", "token-unknown", "token-used"];
  const missing = wanted.filter((reason) => !reasons.includes(reason));
  const releases = station.entries.filter(ofKind("key.released"));
  const elsewhere = releases.filter(({ body }) => body.device !== victim);
  const counted = JSON.stringify(station.counters);
  return [
    check(
      "T1-on-record",
      "each attempt to get a key is in the ledger with its reason",
      missing.length === 0,
      `refused: ${[...new Set(reasons)].join(", ") || "none"}${missing.length > 0 ? `; missing: ${missing.join(", ")}` : ""}`,
    ),
    check(
      "T1-nothing-released",
      "nothing was released to anybody but the device being rescued",
      elsewhere.length === 0,
      `${releases.length} releases, ${elsewhere.length} to others (attacker at ${address})`,
    ),
    check("T13-counted", "malformed packets are counted", /"malformed":[1-9]/.test(counted), counted),
  ];
}

function parseAttempt(line: string): Attempt[] {
  try {
    const attempt = JSON.parse(line) as Attempt;
    return typeof attempt.id === "string" ? [attempt] : [];
  } catch {
    return [];
  }
}

function check(id: string, title: string, passed: boolean, evidence: string): Check {
  return { id, device: null, title, passed, evidence };
}
