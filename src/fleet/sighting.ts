/** What a device's own DHCP packets say about it: it is up in Windows, or its firmware asks for the network. */
export type Sighting = "windows" | "network-boot";

/**
 * Firmware sends DISCOVER at 0, 4, 8, 16 and 32 s of one boot attempt (PXE 2.1 section 2.2.1), so network-boot
 * sightings closer together than this are the same attempt.
 */
export const SAME_BOOT_MS = 90_000;

/** Where a rescued device stands, by its own DHCP packets since it was told to reboot. */
export interface Proof {
  readonly state: "waiting" | "confirmed" | "relapsed";
  /** Distinct network boots since then, without Windows in between. */
  readonly networkBoots: number;
  readonly lastNetworkBootAt: number | null;
}

export const NO_PROOF: Proof = { state: "waiting", networkBoots: 0, lastNetworkBootAt: null };

/**
 * Level-triggered: any later packet makes good for a lost one. A device whose firmware prefers the network asks once
 * on its way to the disk; asking a second time without Windows in between means it crashed again.
 */
export function see(proof: Proof, sighting: Sighting, at: number): Proof {
  if (sighting === "windows") return { state: "confirmed", networkBoots: 0, lastNetworkBootAt: null };
  const same = proof.lastNetworkBootAt !== null && at - proof.lastNetworkBootAt < SAME_BOOT_MS;
  const networkBoots = proof.networkBoots + (same ? 0 : 1);
  const state = networkBoots >= 2 ? "relapsed" : proof.state;
  return { state, networkBoots, lastNetworkBootAt: at };
}
