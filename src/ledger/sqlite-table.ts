import type { DatabaseSync } from "node:sqlite";
import type { StoreKind } from "./store-file.ts";

// WAL: one fsync per commit where a rollback journal takes three, and `ledger export` reads while a station writes.
// With synchronous=FULL that fsync comes before COMMIT returns, so an acknowledged entry survives a power cut.
export const KIND: StoreKind = {
  name: "ledger",
  applicationId: Buffer.from("BGld").readUInt32BE(),
  version: 1,
  journal: "wal",
  schema: `
    CREATE TABLE ledger (ledgerId TEXT NOT NULL) STRICT;
    CREATE TABLE entry (
      seq INTEGER PRIMARY KEY,
      epoch INTEGER NOT NULL,
      prev TEXT NOT NULL,
      hash TEXT NOT NULL,
      at INTEGER NOT NULL,
      stationAt INTEGER NOT NULL,
      station TEXT NOT NULL,
      actor TEXT NOT NULL,
      commandId TEXT NOT NULL UNIQUE,
      generation INTEGER NOT NULL,
      body TEXT NOT NULL
    ) STRICT;
    CREATE TRIGGER noUpdate BEFORE UPDATE ON entry BEGIN SELECT raise(ABORT, 'the ledger is append-only'); END;
    CREATE TRIGGER noDelete BEFORE DELETE ON entry BEGIN SELECT raise(ABORT, 'the ledger is append-only'); END`,
};

/** What a ledger asks its file, prepared once. */
export function statements(db: DatabaseSync) {
  const columns = "seq, epoch, prev, hash, at, stationAt, station, actor, commandId, generation, body";
  const named = columns.replaceAll(/\w+/g, "$$$&");
  return {
    insert: db.prepare(`INSERT INTO entry (${columns}) VALUES (${named})`),
    last: db.prepare(`SELECT ${columns} FROM entry ORDER BY seq DESC LIMIT 1`),
    byCommand: db.prepare(`SELECT ${columns} FROM entry WHERE commandId = ?`),
    commandsFrom: db.prepare(`SELECT ${columns} FROM entry WHERE commandId >= ? AND commandId < ? ORDER BY seq`),
    version: db.prepare("PRAGMA data_version"),
    after: db.prepare(`SELECT ${columns} FROM entry WHERE seq > ? ORDER BY seq LIMIT ?`),
  };
}
