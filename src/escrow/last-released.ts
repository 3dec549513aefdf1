import type { Entry } from "../ledger/entry.ts";
import type { Guid } from "../wire/guid.ts";

/** When each key protector's password was last released, to a device or by hand: ledger time, milliseconds since 1970. */
export type LastReleased = Map<Guid, number>;

/** Takes in one more ledger entry, in place. */
export function foldLastReleased(released: LastReleased, { body, at }: Entry): void {
  if (body.type === "key.released" || body.type === "key.released-by-hand") released.set(body.protectorId as Guid, at);
}
