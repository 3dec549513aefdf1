import type { StoreKind } from "../ledger/store-file.ts";

// A rollback journal, unlike the ledger's WAL: a vault is one file that people carry from laptop to laptop.
export const VAULT: StoreKind = {
  name: "vault",
  applicationId: Buffer.from("BGvt").readUInt32BE(),
  version: 1,
  journal: "delete",
  schema: `
    CREATE TABLE vault (
      vaultId TEXT NOT NULL,
      createdAt INTEGER NOT NULL,
      recipient TEXT NOT NULL,
      identity TEXT NOT NULL,
      fingerprintKey BLOB NOT NULL
    ) STRICT;
    CREATE TABLE deposit (
      number INTEGER PRIMARY KEY,
      depositId TEXT NOT NULL UNIQUE,
      protectorId TEXT NOT NULL,
      deviceName TEXT,
      directory TEXT,
      source TEXT NOT NULL,
      depositedAt INTEGER NOT NULL,
      fingerprint TEXT NOT NULL,
      record TEXT NOT NULL,
      UNIQUE (protectorId, fingerprint)
    ) STRICT;
    CREATE INDEX depositByDevice ON deposit (deviceName COLLATE NOCASE)`,
};

const COLUMNS = "depositId, protectorId, deviceName, directory, source, depositedAt";

/** The questions and changes a vault file knows. Newest first: `number` counts deposits in the order they came. */
export const SQL = {
  vault: "SELECT vaultId, createdAt, recipient, identity, fingerprintKey FROM vault",
  create: "INSERT INTO vault (vaultId, createdAt, recipient, identity, fingerprintKey) VALUES (?, ?, ?, ?, ?)",
  deposit: `INSERT INTO deposit (${COLUMNS}, fingerprint, record) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
  // A later export knows more of an old deposit: a name it lacked, or the device's new one.
  rename: `UPDATE deposit SET deviceName = coalesce(?, deviceName), directory = coalesce(?, directory)
    WHERE depositId = ?`,
  present: "SELECT depositId FROM deposit WHERE protectorId = ? AND fingerprint = ?",
  ofProtector: "SELECT count(*) AS n FROM deposit WHERE protectorId = ?",
  byProtectors: `SELECT ${COLUMNS} FROM deposit WHERE protectorId IN (SELECT value FROM json_each(?)) ORDER BY number DESC`,
  byFirst8: `SELECT ${COLUMNS} FROM deposit WHERE protectorId BETWEEN ? || '-' AND ? || '.' ORDER BY number DESC`,
  byDevice: `SELECT ${COLUMNS} FROM deposit WHERE deviceName = ? COLLATE NOCASE ORDER BY number DESC`,
  record: "SELECT protectorId, record FROM deposit WHERE depositId = ?",
  counts: `SELECT count(*) AS deposits, count(DISTINCT protectorId) AS protectors,
    count(DISTINCT lower(deviceName)) AS devices, max(depositedAt) AS lastDepositAt FROM deposit`,
  conflicts: "SELECT protectorId FROM deposit GROUP BY protectorId HAVING count(*) > 1 ORDER BY protectorId",
} as const;
