import type { Leases } from "../station/leases.ts";
import { type Notice, notice } from "../station/notice.ts";
import type { ServedInterface } from "../station/served-interface.ts";
import type { Ipv4 } from "../wire/ipv4.ts";
import { ExitCode, OperatorError } from "../wire/operator-error.ts";
import { listenForServers, type Watch } from "./watch.ts";

/** dnsmasq and ISC's server ping an address for up to 3 s before they offer it. */
const ANSWERS_MS = 4_000;

/** While the station leases it asks again this often: two servers on one LAN are found before many devices met both. */
const AGAIN_MS = 15_000;

/** Throws OperatorError if another DHCP server answers on this LAN. Nothing else of the station need be there. */
export async function refuseOtherServers(served: ServedInterface): Promise<void> {
  const found = new Map<Ipv4, string>();
  const listening = await listenForServers([served], ({ server, from, leases, on }) => {
    if (leases && on.length > 0) found.set(server, from);
  });
  try {
    listening.ask(served);
    await new Promise((resolve) => setTimeout(resolve, ANSWERS_MS));
  } finally {
    await listening.close();
  }
  if (found.size === 0) return;
  const who = [...found].map(([server, from]) => (server === from ? server : `${server} (from ${from})`)).join(", ");
  throw new OperatorError(
    `Another DHCP server leases addresses on ${served.name}: ${who}. Two of them give one address to two devices. Nothing was started.`,
    "If it belongs there, start without --dhcp-range: the station then goes beside it. If not, unplug it and start again.",
    ExitCode.environment,
  );
}

/** Opens the leases once nobody else has answered, and goes on asking. */
export function keepAsking(
  leases: Leases,
  watch: Watch,
  onNotice: (notice: Notice) => void,
): { check(): void; close(): void } {
  let waiting: NodeJS.Timeout | undefined;
  const check = () => {
    leases.check();
    clearTimeout(waiting);
    if (leases.leasing === "stopped") return;
    if (!watch.ask(leases.served)) return onNotice(notice("leases-unheard", "leases"));
    waiting = setTimeout(() => leases.open(), ANSWERS_MS);
  };
  check();
  const asking = setInterval(() => watch.ask(leases.served), AGAIN_MS);
  return {
    check,
    close() {
      clearTimeout(waiting);
      clearInterval(asking);
    },
  };
}
