import type { LabNode } from "./network.ts";
import type { Program } from "./program.ts";

/** One range of addresses that it leases from, and the gateway that devices of that range are told of. */
export interface Leases {
  readonly first: string;
  readonly last: string;
  readonly router: string | null;
}

/**
 * The site's own DHCP server: leases and nothing else, as on a LAN whose owner knows nothing of us. dnsmasq, so that the
 * station is tried beside somebody else's program. `--no-daemon`, because else it would change to a user and groups that
 * a user namespace does not have.
 */
export function startSiteDhcp(
  site: LabNode,
  leases: readonly Leases[],
  folder: string,
  interfaces: readonly string[] = [site.interface],
): Program {
  const flags = [
    "--no-daemon",
    "--conf-file=/dev/null",
    "--port=0",
    "--bind-interfaces",
    ...interfaces.map((name) => `--interface=${name}`),
    ...leases.flatMap(({ first, last, router }) => [
      `--dhcp-range=set:${first},${first},${last},255.255.255.0,1h`,
      ...(router === null ? [] : [`--dhcp-option=tag:${first},option:router,${router}`]),
    ]),
    "--dhcp-authoritative",
    "--no-ping",
    "--log-dhcp",
    "--log-facility=-",
    `--dhcp-leasefile=${folder}/site-dhcp.leases`,
  ];
  return site.start(["dnsmasq", ...flags], { log: `${folder}/site-dhcp.log` });
}
