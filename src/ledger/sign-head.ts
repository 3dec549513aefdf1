import type { KeyObject } from "node:crypto";
import { parseGuid } from "../wire/guid.ts";
import { type Checkpoint, checkpointedEntry, publicKeyHex, signCheckpoint } from "./checkpoint.ts";
import type { Ledger } from "./ledger.ts";
import { KEY_COMMANDS, keyEntry } from "./station-key.ts";

/** Who signs, and when: milliseconds since 1970 UTC by the station's clock. `by` tells two processes of one moment apart. */
interface Signer {
  readonly key: KeyObject;
  readonly station: string;
  readonly actor: string;
  readonly at: number;
  readonly by: number;
}

/**
 * Signs the ledger's head, has `keep` store the checkpoint, and appends `ledger.checkpointed`: that entry comes after the
 * one that was signed. A station key that the ledger does not know yet is told to it first. `kept` is what `keep` gave.
 */
export async function signHead<Kept>(
  ledger: Pick<Ledger, "ledgerId" | "append" | "commandsBeginning" | "head" | "readRaw">,
  { key, station, actor, at, by }: Signer,
  keep: (checkpoint: Checkpoint) => Kept,
): Promise<{ readonly checkpoint: Checkpoint; readonly kept: Kept }> {
  const telling = keyEntry(await ledger.commandsBeginning(KEY_COMMANDS), publicKeyHex(key), station);
  if (telling !== null) await ledger.append(telling);
  const [head] = await ledger.readRaw((await ledger.head()).seq - 1, 1);
  const { epoch, seq, hash } = head!;
  const checkpoint = signCheckpoint({ ledgerId: parseGuid(ledger.ledgerId), epoch, seq, hash, at, station }, key);
  const kept = keep(checkpoint);
  await ledger.append(checkpointedEntry(checkpoint, actor, by));
  return { checkpoint, kept };
}
