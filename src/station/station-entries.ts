import type { NewEntry } from "../ledger/entry.ts";
import type { Ipv4 } from "../wire/ipv4.ts";
import { VERSION } from "../wire/version.ts";
import type { Notice } from "./notice.ts";
import { noticeText } from "./notice.ts";
import type { ServedInterface } from "./served-interface.ts";

/** That the station is ready to answer. `images`: the digest of each image's manifest, by architecture. */
export function startedEntry(
  station: string,
  served: readonly ServedInterface[],
  images: Readonly<Record<string, string>>,
  now: number,
): NewEntry {
  const on = served.map(({ name }) => name).join(", ");
  const address = served.map((each) => each.address).join(", ");
  const body = { type: "station.started", station, interface: on, address, version: VERSION, images } as const;
  return { body, actor: "station", commandId: `start:${station}:${now}` };
}

/** That another boot server answers on the station's LANs, in the notice's words. */
export function otherBootServerEntry(server: Ipv4, told: Notice, now: number): NewEntry {
  const body = { type: "station.noticed", what: "other-boot-server", server, text: noticeText(told) } as const;
  return { body, actor: "station", commandId: `noticed:${server}:${now}` };
}
