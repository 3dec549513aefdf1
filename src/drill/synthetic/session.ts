import { decodeCpio } from "../../wire/cpio.ts";
import { BootFailed } from "./comparison.ts";

/** What the station put into this one boot. */
export interface BootSession {
  /** `https://10.99.0.2:443` */
  readonly station: string;
  readonly token: string;
  readonly device: string;
  readonly caPem: string;
}

/** Reads the session's archive as the recovery image would find it. */
export function readSession(archive: Uint8Array): BootSession {
  const texts = new Map<string, string>();
  for (const entry of decodeCpio(archive))
    if (entry.kind === "file") texts.set(entry.path, Buffer.from(entry.bytes).toString("utf8"));
  const lines = texts.get("etc/breakglass/session") ?? "";
  const value = (name: string) => new RegExp(`^${name}=(.+)$`, "m").exec(lines)?.[1];
  const [station, token, device] = [value("STATION"), value("TOKEN"), value("DEVICE")];
  const caPem = texts.get("etc/breakglass/station-ca.pem");
  if (station === undefined || token === undefined || device === undefined || caPem === undefined)
    throw new BootFailed("the session's archive is not whole");
  return { station, token, device, caPem };
}
