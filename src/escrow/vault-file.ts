import type { StoreKind } from "../ledger/store-file.ts";

// A rollback journal, unlike the ledger's WAL: a vault is one file that people carry from laptop to laptop.
export const VAULT: StoreKind = {
  name: "vault",
  applicationId: Buffer.from("BGvt").readUInt32BE(),
  version: 2,
  journal: "delete",
  schema: `
    CREATE TABLE vault (
      vaultId TEXT NOT NULL,
      createdAt INTEGER NOT NULL,
      recipient TEXT NOT NULL,
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
      deviceId TEXT,
      volumeType TEXT,
      createdAt INTEGER,
      UNIQUE (protectorId, fingerprint)
    ) STRICT;
    CREATE INDEX depositByDevice ON deposit (deviceName COLLATE NOCASE);
    CREATE INDEX depositByDeviceId ON deposit (deviceId);
    CREATE TABLE lock (
      number INTEGER PRIMARY KEY,
      kind TEXT NOT NULL CHECK (kind IN ('passphrase', 'custodians')),
      identity TEXT NOT NULL,
      setId TEXT,
      threshold INTEGER,
      shares INTEGER,
      createdAt INTEGER NOT NULL
    ) STRICT`,
  upgrades: [
    `
    CREATE TABLE lock (
      number INTEGER PRIMARY KEY,
      kind TEXT NOT NULL CHECK (kind IN ('passphrase', 'custodians')),
      identity TEXT NOT NULL,
      setId TEXT,
      threshold INTEGER,
      shares INTEGER,
      createdAt INTEGER NOT NULL
    ) STRICT;
    INSERT INTO lock (kind, identity, createdAt) SELECT 'passphrase', identity, createdAt FROM vault;
    ALTER TABLE vault DROP COLUMN identity;
    ALTER TABLE deposit ADD COLUMN deviceId TEXT;
    ALTER TABLE deposit ADD COLUMN volumeType TEXT;
    ALTER TABLE deposit ADD COLUMN createdAt INTEGER;
    CREATE INDEX depositByDeviceId ON deposit (deviceId)`,
  ],
};

const COLUMNS = "depositId, protectorId, deviceName, directory, source, depositedAt, deviceId, volumeType, createdAt";

/** Newest first: by what the directory says of its age, else by when it came. */
const NEWEST = "ORDER BY coalesce(createdAt, depositedAt) DESC, number DESC";

/** The questions and changes a vault file knows. */
export const SQL = {
  vault: "SELECT vaultId, createdAt, recipient, fingerprintKey FROM vault",
  create: "INSERT INTO vault (vaultId, createdAt, recipient, fingerprintKey) VALUES (?, ?, ?, ?)",
  locks: "SELECT number, kind, identity, setId, threshold, shares, createdAt FROM lock ORDER BY number",
  addLock: "INSERT INTO lock (kind, identity, setId, threshold, shares, createdAt) VALUES (?, ?, ?, ?, ?, ?)",
  deposit: `INSERT INTO deposit (${COLUMNS}, fingerprint, record) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  // A later export knows more of an old deposit: a name it lacked, or the device's new one.
  rename: `UPDATE deposit SET deviceName = coalesce(?, deviceName), directory = coalesce(?, directory),
    deviceId = coalesce(?, deviceId), volumeType = coalesce(?, volumeType), createdAt = coalesce(?, createdAt)
    WHERE depositId = ?`,
  nameDevice: "UPDATE deposit SET deviceName = ? WHERE deviceId = ? AND deviceName IS NOT ?",
  present: "SELECT depositId FROM deposit WHERE protectorId = ? AND fingerprint = ?",
  ofProtector: `SELECT count(*) AS n, max(coalesce(createdAt, depositedAt)) AS newest
    FROM deposit WHERE protectorId = ?`,
  byProtectors: `SELECT ${COLUMNS} FROM deposit WHERE protectorId IN (SELECT value FROM json_each(?)) ${NEWEST}`,
  byFirst8: `SELECT ${COLUMNS} FROM deposit WHERE protectorId BETWEEN ? || '-' AND ? || '.' ${NEWEST}`,
  byDevice: `SELECT ${COLUMNS} FROM deposit WHERE deviceName = ? COLLATE NOCASE ${NEWEST}`,
  record: "SELECT protectorId, record FROM deposit WHERE depositId = ?",
  counts: `SELECT count(*) AS deposits, count(DISTINCT protectorId) AS protectors,
    count(DISTINCT lower(deviceName)) AS devices, max(depositedAt) AS lastDepositAt FROM deposit`,
  conflicts: "SELECT protectorId FROM deposit GROUP BY protectorId HAVING count(*) > 1 ORDER BY protectorId",
} as const;
