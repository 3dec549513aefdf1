import type { ExportItem } from "../escrow/exports/export-row.ts";
import type { Freshness, SourceKind } from "../escrow/freshness.ts";
import type { BodyOf } from "../ledger/events/event.ts";
import type { SyncFailure } from "./sync-failure.ts";

/** What the ledger notes of the source itself. */
type SourceDetails = Pick<BodyOf<"vault.synced">, "base" | "server" | "file" | "size">;

/** A source that lets us in. */
export interface OpenSource {
  readonly rows: AsyncIterable<ExportItem>;
  /** Only what changed from then on is read; null: all of it. */
  readonly since: number | null;
  /** What the source has up to then is in the vault when the rows have ended. */
  readonly until: number;
  /** What else the ledger should know of it: the base, the file. Nothing secret. */
  readonly details: SourceDetails;
  /** Asked when the rows have ended: is what came all there is? */
  readonly check: () => Promise<SyncFailure | null>;
  readonly close: () => Promise<void>;
}

export interface LiveSource {
  /** Its name in the ledger, the vault and `escrow status`. */
  readonly source: string;
  readonly kind: Exclude<SourceKind, "import">;
  readonly open: (freshness: Freshness) => Promise<OpenSource>;
}
