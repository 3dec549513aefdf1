import { type NetworkInterfaceInfo, networkInterfaces } from "node:os";
import { type Notice, notice } from "../station/notice.ts";
import type { ServedInterface } from "../station/served-interface.ts";

/** How often the station looks whether its interfaces are still there. */
const LOOK_MS = 1_000;

/** `up`, or what is missing: the interface (or its cable), or the address that the station serves at. */
type LinkState = "up" | "down" | "no-address";

const CHANGES = { up: "link-up", down: "link-down", "no-address": "address-gone" } as const;

/** An interface that is down, or has no carrier, is not listed at all (uv_interface_addresses skips it). */
export function linkState(
  { name, address }: Pick<ServedInterface, "name" | "address">,
  all: NodeJS.Dict<NetworkInterfaceInfo[]>,
): LinkState {
  const found = all[name];
  if (found === undefined) return "down";
  return found.some((each) => each.address === address) ? "up" : "no-address";
}

interface InterfaceWatch {
  /** How often interfaces went away since the start. */
  readonly losses: number;
  close(): void;
}

/**
 * Tells when an interface goes away and when it is back. Nothing has to be opened again: Linux keeps sockets bound to an
 * address that is gone, and they work again once it is back.
 */
export function watchInterfaces(
  all: readonly ServedInterface[],
  options: {
    readonly onNotice: (notice: Notice) => void;
    readonly onBack: (served: ServedInterface) => void;
    readonly look?: () => NodeJS.Dict<NetworkInterfaceInfo[]>;
  },
): InterfaceWatch {
  const { onNotice, onBack, look = networkInterfaces } = options;
  const states = new Map<ServedInterface, LinkState>(all.map((served) => [served, "up"]));
  const watch = { losses: 0, close: () => clearInterval(looking) };
  const looking = setInterval(() => {
    const found = look();
    for (const served of all) {
      const before = states.get(served)!;
      const state = linkState(served, found);
      if (state === before) continue;
      states.set(served, state);
      if (before === "up") watch.losses += 1;
      onNotice(notice(CHANGES[state], "network", { name: served.name, address: served.address }));
      if (state === "up") onBack(served);
    }
  }, LOOK_MS);
  return watch;
}
