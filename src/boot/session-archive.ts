import { encodeCpio } from "../wire/cpio.ts";
import type { Ipv4 } from "../wire/ipv4.ts";
import type { MacAddress } from "../wire/mac.ts";

/**
 * Who says that a device may open a session. Over the network its own boot exchange does. A device that boots from a stick
 * has none, and an operator has to; no code issues that yet, so it is refused.
 */
export type Voucher =
  | { readonly by: "boot-exchange"; readonly device: MacAddress; readonly address: Ipv4 }
  | { readonly by: "operator"; readonly device: MacAddress; readonly operator: string };

/** Why a voucher opens no session. */
type VoucherRefusal = "operator-voucher-not-supported";

/** The small archive that is this boot's alone. TIME lets a device whose clock battery died still check certificates. */
export function sessionArchive(session: {
  readonly voucher: Voucher;
  readonly stationUrl: string;
  readonly caPem: string;
  /** The boot token, 64 hex digits. */
  readonly token: string;
  /** Milliseconds since 1970 UTC. */
  readonly now: number;
}): Uint8Array | VoucherRefusal {
  const { voucher } = session;
  if (voucher.by === "operator") return "operator-voucher-not-supported";
  const text = (value: string) => new TextEncoder().encode(value);
  const lines = [
    `STATION=${session.stationUrl}`,
    `TOKEN=${session.token}`,
    `TIME=${Math.floor(session.now / 1000)}`,
    `DEVICE=${voucher.device}`,
  ];
  return encodeCpio([
    { kind: "directory", path: "etc/breakglass", mode: 0o700 },
    { kind: "file", path: "etc/breakglass/session", mode: 0o600, bytes: text(`${lines.join("\n")}\n`) },
    { kind: "file", path: "etc/breakglass/station-ca.pem", mode: 0o600, bytes: text(session.caPem) },
  ]);
}
