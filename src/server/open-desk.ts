import { randomUUID } from "node:crypto";
import type { Vault } from "../escrow/vault.ts";
import type { Entry, NewEntry } from "../ledger/entry.ts";
import type { Ledger } from "../ledger/ledger.ts";
import { Desk } from "../station/desk.ts";
import { type Notice, notice } from "../station/notice.ts";
import { Sealer, type SealReason } from "../station/sealer.ts";
import type { StationNow } from "../station/station-now.ts";
import type { UnsealAnswer } from "../station/unsealing.ts";
import { VERSION } from "../wire/version.ts";
import { PLATFORM } from "./platform/this-platform.ts";
import { listenForUnseal } from "./unseal-socket.ts";

/** When the station seals its vault, and how it takes what opens it again. A halt always seals it. */
export interface Sealing {
  /** The ledger's sequence at which the vault was unsealed; 0 if it is sealed. */
  readonly since: number;
  /** Sealed after so long without a release; null: never. */
  readonly idleMs: number | null;
  /** Where `breakglass escrow unseal` reaches the station; null: nowhere. */
  readonly socket: string | null;
  readonly onSealed: (reason: Exclude<SealReason, "stop">) => void;
}

/** How often the station looks for entries that the operator's other commands appended. */
const LOOK_MS = 250;

/** How often the station looks whether its vault has been open for too long. */
const SEAL_LOOK_MS = 1_000;

interface DeskOptions {
  readonly ledger: Ledger;
  readonly vault: Vault;
  readonly sealing?: Sealing;
  /** Every entry of the ledger from the first on, whoever appended it. */
  readonly onEntry?: (entry: Entry) => void;
  readonly onNotice: (notice: Notice) => void;
  readonly onFault: (error: Error) => void;
  /** What a station tells of itself at its door, beside its process and its vault. */
  readonly now?: () => Pick<StationNow, "lans" | "loading" | "waiting">;
}

/**
 * The part of a station that needs no LAN: it looks at the ledger, and its vault is sealed by itself. Close it last: until
 * then a stopping station still answers, and what it is asked for stays sealed.
 */
export async function openDesk(options: DeskOptions): Promise<{ readonly desk: Desk; close(): Promise<void> }> {
  const { ledger, onEntry, onFault } = options;
  let sealer: Sealer | null = null;
  const desk = new Desk(ledger, (entry) => {
    onEntry?.(entry);
    sealer?.see(entry);
  });
  const sealing = await startSealing(options, desk);
  sealer = sealing.sealer;
  // What could not be read is tried again at the next look: it may be a halt. Watched first, so that nothing slips between.
  let behind = false;
  const catchUp = async () => {
    behind = false;
    await desk.catchUp().catch((error) => {
      behind = true;
      onFault(error);
    });
  };
  const stopWatching = ledger.watch(catchUp, (look) => {
    const looking = setInterval(() => (behind ? catchUp() : look()), LOOK_MS);
    return () => clearInterval(looking);
  });
  await desk.catchUp().catch(async (error) => {
    stopWatching();
    await sealing.close();
    throw error;
  });
  return {
    desk,
    async close() {
      stopWatching();
      await sealing.close();
    },
  };
}

async function startSealing({ vault, sealing, onNotice, onFault, now: more }: DeskOptions, desk: Desk) {
  const { since, idleMs, socket, onSealed } = sealing ?? { since: 0, idleMs: null, socket: null, onSealed: () => {} };
  const now = () => ({ wall: Date.now(), steady: performance.now() });
  const record = (entry: NewEntry) => desk.record(entry);
  const sealer = new Sealer({ vault, record, since, idleMs, now, freshId: randomUUID, onSealed, onFault });
  const ticking = setInterval(() => sealer.tick(), SEAL_LOOK_MS);
  const onRefused = (answer: UnsealAnswer) => onNotice(notice("unseal-refused", "vault", { answer }));
  const started = Date.now();
  const tell = (): StationNow => ({
    ...{ pid: process.pid, since: started, version: VERSION, sealed: vault.sealed },
    ...(more?.() ?? { lans: [], loading: [], waiting: [] }),
  });
  const door =
    socket === null
      ? null
      : await listenForUnseal(socket, (identity, story) => sealer.unseal(identity, story), PLATFORM, onRefused, tell);
  if (door === null && socket !== null) onNotice(notice("unseal-unreachable", "vault", { socket }));
  const close = async () => {
    door?.close();
    clearInterval(ticking);
    await sealer.stop();
  };
  return { sealer, close };
}
