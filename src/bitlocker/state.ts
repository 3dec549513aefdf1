import type { BootSector } from "./boot-sector.ts";
import type { KeyProtector } from "./protector.ts";
import { StateNumber } from "./registry.ts";

/**
 * What may be done with a volume, in the words of the agent protocol. `suspended`: encrypted, but with a clear key
 * beside it, so that anyone can open it. `encrypting` and `decrypting`: under conversion, running or paused; cryptsetup
 * refuses both. `unsupported`: anything else, also what is encrypted and has no entry 0x000f: cryptsetup finds no file
 * system on it.
 */
export type FveState = "encrypted" | "suspended" | "encrypting" | "decrypting" | "unsupported";

export function stateOf(
  layout: BootSector["layout"],
  current: number,
  next: number,
  protectors: readonly KeyProtector[],
  saysBootBackup: boolean,
): FveState {
  if (layout === "unknown") return "unsupported";
  if (layout === "encrypt-on-write") return "encrypting";
  const under: readonly number[] = [StateNumber.converting, StateNumber.encryptOnWrite, StateNumber.paused];
  if (current === StateNumber.encrypted && next === StateNumber.encrypted) {
    if (protectors.some((protector) => protector.type === "clear-key")) return "suspended";
    return saysBootBackup ? "encrypted" : "unsupported";
  }
  const starting = current === StateNumber.decrypted && next === StateNumber.encrypted;
  if (starting || (under.includes(current) && next === StateNumber.encrypted)) return "encrypting";
  const ending = current === StateNumber.encrypted && next === StateNumber.decrypted;
  if (ending || (under.includes(current) && next === StateNumber.decrypted)) return "decrypting";
  return "unsupported";
}
