import type { Entry } from "../ledger/entry.ts";
import type { Guid } from "../wire/guid.ts";

/** When each key protector's password was last released, to a device or by hand: ledger time. A fold, changed in place. */
export type LastReleased = Map<Guid, number>;

/** Takes in one more ledger entry. */
export function foldLastReleased(last: LastReleased, { body, at }: Entry): void {
  if (body.type === "key.released" || body.type === "key.released-by-hand") last.set(body.protectorId as Guid, at);
}
