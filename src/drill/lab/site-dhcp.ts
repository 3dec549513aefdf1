import { LAB, type LabNode, NODE_INTERFACE } from "./network.ts";
import type { Program } from "./program.ts";

/**
 * The site's own DHCP server: leases and nothing else, as on a LAN whose owner knows nothing of us. dnsmasq, so that the
 * station is tried beside somebody else's program. `--no-daemon`, because else it would change to a user and groups that
 * a user namespace does not have.
 */
export function startSiteDhcp(site: LabNode, folder: string): Program {
  const flags = [
    "--no-daemon",
    "--conf-file=/dev/null",
    "--port=0",
    "--bind-interfaces",
    `--interface=${NODE_INTERFACE}`,
    `--dhcp-range=${LAB.firstLease},${LAB.lastLease},255.255.255.0,1h`,
    "--dhcp-authoritative",
    "--no-ping",
    "--log-dhcp",
    "--log-facility=-",
    `--dhcp-leasefile=${folder}/site-dhcp.leases`,
  ];
  return site.start(["dnsmasq", ...flags], { log: `${folder}/site-dhcp.log` });
}
