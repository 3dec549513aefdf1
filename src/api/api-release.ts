import { createHash } from "node:crypto";
import type { Entry } from "../ledger/entry.ts";
import type { Guid } from "../wire/guid.ts";

/** Where the ledger has a release that the API was asked for. */
interface ReleaseReceipt {
  readonly ledgerId: string;
  readonly seq: number;
  readonly hash: string;
  readonly protectorId: Guid;
}

/** Command ID -> its release: what an `Idempotency-Key` has brought about before. Bounded by the caps of release. */
export type ApiReleases = Map<string, ReleaseReceipt>;

/** What releaseByHand puts before the command ID it is given. */
const BY_HAND = "release-by-hand:";

/** Takes in one more ledger entry, in place. */
export function foldApiReleases(releases: ApiReleases, { body, commandId, ledgerId, seq, hash }: Entry): void {
  if (body.type !== "key.released-by-hand" || body.channel !== "api" || !commandId.startsWith(BY_HAND)) return;
  releases.set(commandId.slice(BY_HAND.length), { ledgerId, seq, hash, protectorId: body.protectorId });
}

/**
 * One token's ask under one `Idempotency-Key`. The key is a stranger's text and goes into the ledger as a digest: it
 * may hold anything, a recovery password included.
 */
export function releaseCommandId(tokenId: string, idempotencyKey: string): string {
  return `api:${tokenId}:${createHash("sha256").update(idempotencyKey).digest("hex").slice(0, 32)}`;
}
