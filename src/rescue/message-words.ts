/** The closed vocabularies of the agent protocol. The same words stand in the ledger, on screens and in reports. */

export const VOLUME_KINDS = ["bitlocker", "ntfs"] as const;
export type VolumeKind = (typeof VOLUME_KINDS)[number];

export const VOLUME_STATES = ["plain", "encrypted", "suspended", "encrypting", "decrypting", "unsupported"] as const;
export type VolumeState = (typeof VOLUME_STATES)[number];

export const PROTECTOR_TYPES = [
  "recovery-password",
  "tpm",
  "tpm-pin",
  "startup-key",
  "password",
  "clear-key",
  "other",
] as const;
export type ProtectorType = (typeof PROTECTOR_TYPES)[number];

export const STAGES = [
  "booted",
  "network",
  "hello",
  "waiting",
  "unlocking",
  "mounted",
  "removing",
  "verifying",
  "reported",
  "rebooting",
] as const;
export type AgentStage = (typeof STAGES)[number];

export const OUTCOMES = [
  "rescued",
  "already-clean",
  "not-a-channel-file",
  "wrong-key",
  "volume-encrypting",
  "volume-unsupported",
  "volume-not-looked-at",
  "volume-hibernated",
  "no-volume",
  "no-windows-volume",
  "plan-refused",
  "too-many-files",
  "path-refused",
  "mount-failed",
  "write-failed",
  "verify-failed",
] as const;
export type Outcome = (typeof OUTCOMES)[number];

/** Why the station says `wait` or `refused`. */
export const REASONS = [
  "no-campaign",
  "halted",
  "not-in-plan",
  "awaiting-confirmation",
  "no-key",
  "rate-cap",
  "vault-sealed",
  "ledger-unavailable",
  "token-unknown",
  "token-used",
  "token-expired",
  "device-mismatch",
  "session-unknown",
  "session-over",
  "protector-not-listed",
  "device-cap",
  "campaign-cap",
  "malformed",
] as const;
export type Reason = (typeof REASONS)[number];

export const OPENED_BY = ["recovery-password", "clear-key", "plain", "none"] as const;

/** Looks after which nobody can say whether the bad file is on the volume. */
const UNSEEN = [
  "in-doubt",
  "no-key",
  "not-released",
  "wrong-key",
  "encrypting",
  "unsupported",
  "mount-failed",
] as const;
export const NOT_LOOKED_AT: ReadonlySet<string> = new Set(UNSEEN);

/** What the agent saw on a volume: whether it holds a Windows, or why it was not looked at. */
export const LOOKS = ["windows", "no-windows", "data", ...UNSEEN] as const;

export const NTFS_STATES = ["clean", "dirty", "hibernated"] as const;
