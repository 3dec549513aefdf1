import { type Entry, ofKind } from "../ledger/entry.ts";
import { ExitCode, OperatorError } from "../wire/operator-error.ts";
import type { Station } from "./lab/station.ts";
import type { ExpectedDevice, Office } from "./prepare.ts";
import type { Check } from "./report/result.ts";
import type { Story } from "./report/story.ts";
import type { Disturbance } from "./scenario.ts";

interface DisturbanceContext {
  readonly station: Station;
  readonly office: Office;
  readonly story: Story;
  readonly devices: readonly ExpectedDevice[];
  /** Runs the attacker on its own machine; the checks of what it tried. */
  readonly attack: () => Promise<readonly Check[]>;
}

const PATIENCE = 300_000;

/** What else happens while devices are being rescued. Each waits for its moment; gives the checks only it can make. */
export const DISTURBANCES: Readonly<Record<Disturbance, (context: DisturbanceContext) => Promise<readonly Check[]>>> = {
  none: async () => [],

  "halt-while-waiting": async ({ station, office, story, devices }) => {
    if ((await station.waitFor(isHeld("no-key"), PATIENCE)) === null) return [];
    await office.verb(["campaign", "halt", "--reason", "drill: stop everything"]);
    story.tell(null, "operator halts the campaign: breakglass campaign halt", "wait");
    await office.importKeys(devices);
    story.tell(null, "the missing key arrives in the vault: breakglass escrow import");
    await station.waitFor(isHeld("halted"), 60_000);
    // Time for several more of the agent's questions.
    await new Promise((resolve) => setTimeout(resolve, 12_000));
    const halted = station.entries.findIndex(({ body }) => body.type === "campaign.halted");
    const released = station.entries.slice(halted).filter(({ body }) => body.type === "key.released");
    return [
      check(
        "halt-holds",
        "nothing is released after the halt",
        halted >= 0 && released.length === 0,
        `${released.length} releases after entry ${halted}`,
      ),
    ];
  },

  "station-killed": async ({ station, story }) => {
    const release = await station.waitFor(ofKind("key.released"), PATIENCE);
    if (release === null) return [];
    await station.kill();
    story.tell(null, "station killed with -9, right after the release", "bad");
    await new Promise((resolve) => setTimeout(resolve, 3000));
    const trouble = await station.start();
    if (trouble !== null)
      throw new OperatorError(
        `The station did not start again: ${trouble}`,
        "See its log in the report's folder.",
        ExitCode.negative,
      );
    story.tell(null, "station started again", "good");
    const reported = await station.waitFor(ofKind("session.reported"), PATIENCE);
    const same = reported !== null && reported.body.session === release.body.session;
    return [
      check(
        "session-resumes",
        "the same session goes on after the restart",
        same,
        `session ${release.body.session} released, ${reported?.body.session ?? "none"} reported`,
      ),
    ];
  },

  "operator-confirms": async ({ station, office, story }) => {
    const held = await station.waitFor(isHeld("awaiting-confirmation"), PATIENCE);
    if (held === null) return [];
    const before = station.entries.filter(({ body }) => body.type === "key.released").length;
    const wrong = await office.verb(["campaign", "confirm", "000-000"]).then(
      () => "accepted",
      () => "refused",
    );
    const opened = station.entries.find(ofKind("session.opened"));
    story.tell(
      null,
      `operator types the code on the device's screen: breakglass campaign confirm ${opened?.body.pairing}`,
    );
    await office.verb(["campaign", "confirm", String(opened?.body.pairing)]);
    return [
      check(
        "waits-for-person",
        "nothing is released before a person matched the code",
        before === 0,
        `${before} releases before`,
      ),
      check("wrong-code", "a wrong pairing code confirms nothing", wrong === "refused", `code 000-000 was ${wrong}`),
    ];
  },

  attacker: ({ attack }) => attack(),
};

function isHeld(reason: string): (entry: Entry) => boolean {
  return ({ body }) => (body.type === "device.held" || body.type === "key.refused") && body.reason === reason;
}

function check(id: string, title: string, passed: boolean, evidence: string): Check {
  return { id, device: null, title, passed, evidence };
}
