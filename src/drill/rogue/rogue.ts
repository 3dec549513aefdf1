import { readFileSync } from "node:fs";
import { inventedToken, strangersSession, withoutHello } from "./agent.ts";
import type { Attempt, RogueTarget } from "./attempt.ts";
import { bootExchange, rubbishPackets } from "./dhcp.ts";
import { httpBeforeExchange, httpPaths, httpRubbish, slowClients } from "./http.ts";
import { tftpBeforeExchange, tftpPaths, tftpRubbish } from "./tftp.ts";

/**
 * The attacker, on its own machine of the lab's LAN: reads what it knows from a file (RogueTarget), tries everything,
 * prints one JSON line (Attempt) for each thing it tried. It changes nothing of the machine it runs on.
 */
export async function rogue(file: string): Promise<void> {
  const target = JSON.parse(readFileSync(file, "utf8")) as RogueTarget;
  const say = (...attempts: readonly Attempt[]) => {
    for (const attempt of attempts) process.stdout.write(`${JSON.stringify(attempt)}\n`);
  };
  say(await tftpBeforeExchange(target), await httpBeforeExchange(target));
  say(await withoutHello(target), await inventedToken(target));
  say(await rubbishPackets(target));
  const exchanged = await bootExchange(target, "0BADC0DE-0000-4000-8000-000000000001");
  say({
    id: "control-exchange",
    title: "the attacker takes part in a boot exchange as an unknown device, to try with more than nothing",
    blocked: exchanged,
    evidence: exchanged ? "answered on port 4011" : "no answer on port 4011",
  });
  say(await tftpPaths(target), await tftpRubbish(target));
  say(await httpPaths(target), await httpRubbish(target));
  say(...(await strangersSession(target)));
  say(await slowClients(target));
}
