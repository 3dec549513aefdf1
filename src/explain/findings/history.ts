import { BOOT_TOKEN_LIFE_MS } from "../../boot/exchange.ts";
import { type Proof as HealthProof, NO_PROOF, see } from "../../fleet/sighting.ts";
import { type Attempt, dhcpOf, firmwareAsks, handshakesOf } from "../attempt.ts";
import { listed, type Rule } from "./finding.ts";

const agentCalled = (attempt: Attempt) => handshakesOf(attempt).some(({ ending }) => ending === "finished");

export const relapsed: Rule = ({ before, attempt }) => {
  let proof: HealthProof | null = null;
  let rescued: Attempt | null = null;
  let windows: Attempt | null = null;
  for (const each of [...before, attempt]) {
    if (proof !== null) proof = see(proof, "network-boot", each.startedAt);
    if (agentCalled(each)) [proof, rescued] = [NO_PROOF, each];
    if (!each.windows) continue;
    // A device that was healthy while we looked can relapse without a rescue before it.
    proof = see(proof ?? NO_PROOF, "windows", each.lastAt);
    windows = each;
  }
  if (proof?.state !== "relapsed" || attempt.windows) return null;
  const since = rescued === null ? windows : rescued;
  return {
    what: `The device relapsed: ${proof.networkBoots} network boots without Windows in between, after ${since === windows ? "it had been healthy" : `its rescue in boot ${since!.number}`}${rescued !== null && windows !== null && since !== windows ? ` and a healthy boot (boot ${windows.number})` : ""}.`,
    cure: "Windows crashes again: the bad file is back (from a site server?), or there is another cause. Look at its blue screen before you rescue it again.",
    by: [...before, attempt]
      .filter(({ number }) => number > since!.number)
      .flatMap((each) => firmwareAsks(each, "DISCOVER").slice(0, 1)),
  };
};

export const twoAddresses: Rule = ({ before, attempt }) => {
  const asks = [...before, attempt]
    .filter(({ lastAt }) => attempt.startedAt - lastAt < BOOT_TOKEN_LIFE_MS)
    .flatMap((each) => dhcpOf(each, "REQUEST").filter(({ bootServer }) => bootServer));
  const addresses = new Set(asks.map(({ from }) => from.address));
  const here = dhcpOf(attempt, "REQUEST").some(({ bootServer }) => bootServer);
  if (!here || addresses.size < 2) return null;
  const uuids = new Set(asks.flatMap(({ uuid }) => (uuid === null ? [] : [uuid])));
  return {
    what: `One MAC address boots from ${addresses.size} addresses within half an hour: ${listed(addresses)}. ${uuids.size > 1 ? "They name different machine UUIDs: these are two machines." : "Firmware keeps its lease, so it may be two machines."}`,
    cure: "Two machines share a MAC address (docking stations and USB adapters bring their own), or somebody copied it. Confirm only a pairing code that you read on the device's own screen.",
    by: [...addresses].map((address) => asks.find(({ from }) => from.address === address)!),
  };
};
