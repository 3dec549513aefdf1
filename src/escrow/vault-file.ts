import { type StoreKind, storedValue } from "../ledger/store-file.ts";

/** The vault's file in a state folder. */
export const VAULT_FILE = "vault.sqlite";

const LOCK_TABLE = `CREATE TABLE lock (
      number INTEGER PRIMARY KEY,
      kind TEXT NOT NULL CHECK (kind IN ('passphrase', 'custodians')),
      identity TEXT NOT NULL,
      setId TEXT,
      threshold INTEGER,
      shares INTEGER,
      createdAt INTEGER NOT NULL
    ) STRICT`;

const PARTIAL_INDEX =
  "CREATE INDEX depositWithPartialId ON deposit (serial COLLATE NOCASE) WHERE partialId IS NOT NULL";

// A rollback journal, unlike the ledger's WAL: a vault is one file that people carry from laptop to laptop.
export const VAULT: StoreKind = {
  name: "vault",
  applicationId: Buffer.from("BGvt").readUInt32BE(),
  version: 3,
  journal: "delete",
  schema: `
    CREATE TABLE vault (
      vaultId TEXT NOT NULL,
      createdAt INTEGER NOT NULL,
      recipient TEXT NOT NULL,
      fingerprintKey BLOB NOT NULL,
      ledgerId TEXT
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
      serial TEXT,
      partialId TEXT,
      UNIQUE (protectorId, fingerprint)
    ) STRICT;
    CREATE INDEX depositByDevice ON deposit (deviceName COLLATE NOCASE);
    CREATE INDEX depositByDeviceId ON deposit (deviceId);
    ${PARTIAL_INDEX};
    ${LOCK_TABLE}`,
  upgrades: [
    `
    ${LOCK_TABLE};
    INSERT INTO lock (kind, identity, createdAt) SELECT 'passphrase', identity, createdAt FROM vault;
    ALTER TABLE vault DROP COLUMN identity;
    ALTER TABLE vault ADD COLUMN ledgerId TEXT;
    ALTER TABLE deposit ADD COLUMN deviceId TEXT;
    ALTER TABLE deposit ADD COLUMN volumeType TEXT;
    ALTER TABLE deposit ADD COLUMN createdAt INTEGER;
    CREATE INDEX depositByDeviceId ON deposit (deviceId)`,
    `
    ALTER TABLE deposit ADD COLUMN serial TEXT;
    ALTER TABLE deposit ADD COLUMN partialId TEXT;
    ${PARTIAL_INDEX}`,
  ],
};

const COLUMNS =
  "depositId, protectorId, deviceName, directory, source, depositedAt, deviceId, volumeType, createdAt, serial, partialId";

/** Newest first: by what the directory says of its age, else by when it came. */
const NEWEST = "ORDER BY coalesce(createdAt, depositedAt) DESC, number DESC";

/** The questions and changes a vault file knows. */
export const SQL = {
  vault: "SELECT vaultId, createdAt, recipient, fingerprintKey, ledgerId FROM vault",
  create: "INSERT INTO vault (vaultId, createdAt, recipient, fingerprintKey, ledgerId) VALUES (?, ?, ?, ?, ?)",
  setLedger: "UPDATE vault SET ledgerId = ?",
  locks: "SELECT number, kind, identity, setId, threshold, shares, createdAt FROM lock ORDER BY number",
  addLock: "INSERT INTO lock (kind, identity, setId, threshold, shares, createdAt) VALUES (?, ?, ?, ?, ?, ?)",
  removeLock: "DELETE FROM lock WHERE number = ?",
  deposit: `INSERT INTO deposit (${COLUMNS}, fingerprint, record) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  // A later export knows more of an old deposit: a name it lacked, or the device's new one.
  rename: `UPDATE deposit SET deviceName = coalesce(?, deviceName), directory = coalesce(?, directory),
    deviceId = coalesce(?, deviceId), volumeType = coalesce(?, volumeType), createdAt = coalesce(?, createdAt),
    serial = coalesce(?, serial)
    WHERE depositId = ?`,
  nameDevice: "UPDATE deposit SET deviceName = ? WHERE deviceId = ? AND deviceName IS NOT ?",
  present: "SELECT depositId FROM deposit WHERE protectorId = ? AND fingerprint = ?",
  ofProtector: `SELECT count(*) AS n, max(coalesce(createdAt, depositedAt)) AS newest
    FROM deposit WHERE protectorId = ?`,
  byProtectors: `SELECT ${COLUMNS} FROM deposit WHERE protectorId IN (SELECT value FROM json_each(?)) ${NEWEST}`,
  byFirst8: `SELECT ${COLUMNS} FROM deposit WHERE protectorId BETWEEN ? || '-' AND ? || '.' ${NEWEST}`,
  byDevice: `SELECT ${COLUMNS} FROM deposit WHERE deviceName = ? COLLATE NOCASE ${NEWEST}`,
  // Directories write it in either case, and a comparison without case would not use the index.
  byDeviceId: `SELECT ${COLUMNS} FROM deposit WHERE deviceId IN (lower(?), upper(?)) ${NEWEST}`,
  // A name with or without its domain: PC-0001, PC-0001.corp.example. "/" comes after "." in ASCII.
  byBareName: `SELECT ${COLUMNS} FROM deposit WHERE number IN (
    SELECT number FROM deposit WHERE deviceName = ?1 COLLATE NOCASE UNION ALL SELECT number FROM deposit
    WHERE deviceName COLLATE NOCASE > ?1 || '.' AND deviceName COLLATE NOCASE < ?1 || '/') ${NEWEST}`,
  // Those that are their device's, with no whole key protector ID. The same names; or the serial number.
  partial: `SELECT ${COLUMNS} FROM deposit WHERE number IN (
    SELECT number FROM deposit WHERE deviceName = ?1 COLLATE NOCASE UNION ALL SELECT number FROM deposit
    WHERE deviceName COLLATE NOCASE > ?1 || '.' AND deviceName COLLATE NOCASE < ?1 || '/' UNION ALL SELECT number
    FROM deposit WHERE partialId IS NOT NULL AND serial = ?2 COLLATE NOCASE) AND partialId IS NOT NULL ${NEWEST}`,
  page: `SELECT number, ${COLUMNS} FROM deposit WHERE number > ? ORDER BY number LIMIT 5000`,
  byDeposit: `SELECT ${COLUMNS} FROM deposit WHERE depositId = ?`,
  record: "SELECT protectorId, record FROM deposit WHERE depositId = ?",
  // Each from an index of its own: in one SELECT they take ten times as long, three seconds of a million deposits.
  counts: `SELECT (SELECT count(*) FROM deposit) AS deposits,
    (SELECT count(*) FROM (SELECT DISTINCT protectorId FROM deposit)) AS protectors,
    (SELECT count(*) FROM (SELECT 1 FROM deposit WHERE deviceName IS NOT NULL GROUP BY deviceName COLLATE NOCASE)) AS devices,
    (SELECT depositedAt FROM deposit ORDER BY number DESC LIMIT 1) AS lastDepositAt`,
  conflicts: "SELECT protectorId FROM deposit GROUP BY protectorId HAVING count(*) > 1 ORDER BY protectorId",
} as const;

/** The ledger that the vault file at `path` belongs to; null if it does not say, is missing, or cannot be read. */
export function ledgerOfVault(path: string): string | null {
  return storedValue(path, "SELECT ledgerId FROM vault");
}
