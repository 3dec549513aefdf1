import type { Entry } from "../../src/ledger/entry.ts";
import type { BodyOf, EntryBody, EntryType } from "../../src/ledger/events/event.ts";
import { parseGuid } from "../../src/wire/guid.ts";
import { parseIpv4 } from "../../src/wire/ipv4.ts";
import { parseMac } from "../../src/wire/mac.ts";

const device = parseMac("52:54:00:12:34:56");
const address = parseIpv4("10.99.0.50");
const protectorId = parseGuid("24B0AA32-F8D0-40BA-BB05-73A800324C09");
const digest = "a1".repeat(32);
const [session, campaign, vaultId, depositId, tokenId] = ["s1", "2024-07-19-a1b2", "vault-1", "deposit-1", "token-1"];
const counts = { deposited: 2, present: 1, superseded: 0, rejected: 1, conflicts: 0, named: 0 };
const evidence = { size: 10, sha256: digest, mtime: 1_721_360_000, header: "aaaaaaaa" };

/** One good body of every kind, with every field that a body of today has. */
export const EXAMPLES: { readonly [Type in EntryType]: BodyOf<Type> } = {
  "station.started": {
    type: "station.started",
    ...{ station: "laptop-1", interface: "eth0", address, version: "0.1.0", images: { "x86-64": digest } },
  },
  "station.noticed": { type: "station.noticed", what: "other-boot-server", server: address, text: "another server" },
  "station.key-made": { type: "station.key-made", publicKey: digest },
  "station.key-replaced": { type: "station.key-replaced", publicKey: digest, before: "b2".repeat(32) },
  "vault.created": { type: "vault.created", vaultId, recipient: "age1example" },
  "vault.imported": {
    type: "vault.imported",
    ...{ vaultId, source: "keys.csv", format: "crowdstrike", ...counts, filesNotRead: 0, stopped: true },
  },
  "vault.synced": {
    type: "vault.synced",
    ...{ vaultId, source: "dc1", kind: "ldap", base: "DC=corp", server: "ldaps://dc1", file: "keys.zip", size: 4_096 },
    ...{ ...counts, complete: false, failed: "stopped", since: 1_721_000_000_000, until: 1_721_360_000_000 },
  },
  "vault.unsealed": { type: "vault.unsealed", vaultId, openedBy: { by: "custodians", setId: "A1B2", shares: [1, 3] } },
  "vault.sealed": { type: "vault.sealed", vaultId, reason: "idle" },
  "vault.rekeyed": { type: "vault.rekeyed", vaultId, lock: "0123456789abcdef", replaces: ["fedcba9876543210"] },
  "vault.split": {
    type: "vault.split",
    ...{ vaultId, lock: "0123456789abcdef", replaces: [], setId: "A1B2C3D4", threshold: 2, shares: 3 },
  },
  "vault.lock-removed": { type: "vault.lock-removed", vaultId, lock: "0123456789abcdef", kind: "passphrase" },
  "vault.checking": { type: "vault.checking", vaultId },
  "vault.checked": { type: "vault.checked", vaultId, deposits: 5, bad: 0, damage: 0 },
  "vault.backed-up": { type: "vault.backed-up", vaultId, file: "copy.sqlite", deposits: 5, sha256: digest },
  "vault.restored": {
    type: "vault.restored",
    ...{ vaultId, deposits: 5, from: "copy.sqlite", sha256: digest, kept: "vault.sqlite.before" },
  },
  "vault.ledger-changed": { type: "vault.ledger-changed", vaultId, was: "ledger-1", reason: "its disk is gone" },
  "campaign.armed": {
    type: "campaign.armed",
    ...{ campaign, remedy: "crowdstrike-291", remedySha256: digest, document: {}, unknown: "hold", hibernated: "stop" },
    ...{ devices: [{ name: "PC-0001", macs: [device], serial: "5CG1", uuid: null }], releaseRate: 600 },
  },
  "campaign.halted": { type: "campaign.halted", campaign, reason: "stop" },
  "boot.offered": { type: "boot.offered", device, address, uuid: protectorId, firmware: "uefi-x64" },
  "boot.token-minted": { type: "boot.token-minted", device, address, tokenHash: digest },
  "session.opened": {
    type: "session.opened",
    ...{ session, device, address, tokenHash: digest, secretHash: digest, pairing: "481-902", secureBoot: "on" },
    machine: { uuid: protectorId, serial: "5CG1", vendor: "LENOVO", product: "20XX", macs: [device] },
    volumes: [{ volume: 1, path: "/dev/sda3", bytes: 1_000, kind: "bitlocker", state: "encrypted" }],
    protectors: [{ volume: 1, protectorId, type: "recovery-password" }],
  },
  "session.refused": { type: "session.refused", reason: "token-unknown", address, device: null },
  "pairing.confirmed": { type: "pairing.confirmed", session, device },
  "plan.assigned": { type: "plan.assigned", session, device, remedy: "crowdstrike-291", remedySha256: digest },
  "agent.stage": { type: "agent.stage", session, device, stage: "unlocking", uptime: 4_200 },
  "session.reported": {
    type: "session.reported",
    ...{ session, device, outcome: "rescued" },
    volumes: [{ volume: 1, openedBy: "recovery-password", protectorId, ntfs: "clean", look: "windows" }],
    files: [{ verdict: "bad", path: "/Windows/bad.sys", ...evidence }],
    actions: [{ action: "quarantined", path: "/Windows/bad.sys", to: "/quarantine/bad.sys", ...evidence }],
    verified: [{ is: "absent", path: "/Windows/bad.sys" }],
    stages: [{ stage: "booted", uptime: 100 }],
  },
  "device.admitted": { type: "device.admitted", session, device, campaign, name: "PC-0001" },
  "device.held": { type: "device.held", session, device, reason: "no-key" },
  "device.sighted": { type: "device.sighted", device, as: "windows" },
  "device.confirmed": { type: "device.confirmed", session, device },
  "device.relapsed": { type: "device.relapsed", session, device },
  "key.released": { type: "key.released", session, device, campaign, protectorId, depositId, attempt: 1 },
  "key.refused": { type: "key.refused", session, device, reason: "device-cap", volume: 1, protectorId },
  "key.released-by-hand": {
    type: "key.released-by-hand",
    ...{ channel: "desk", reason: "phone", ticket: "INC-1", deviceName: "PC-0001", protectorId, depositId },
    duringHalt: null,
  },
  "key.refused-by-hand": { type: "key.refused-by-hand", channel: "api", reason: "hand-cap", protectorId },
  "key.rotated": {
    type: "key.rotated",
    ...{ deviceName: "PC-0001", reason: "new password set", protectorIds: [protectorId], depositIds: [depositId] },
  },
  "token.created": { type: "token.created", tokenId, name: "desk", scopes: ["lookup"], hash: digest, expiresAt: null },
  "token.revoked": { type: "token.revoked", tokenId, name: "desk", reason: "left" },
  "api.called": {
    type: "api.called",
    ...{ tokenId, route: "lookup", outcome: "answered", found: 1, entry: 7, due: 2, devices: 3, covered: 2 },
  },
  "api.refused": { type: "api.refused", reason: "token-unknown", address, tokenId: null },
  "ledger.checkpointed": { type: "ledger.checkpointed", seq: 7, hash: digest },
  "ledger.adopted": { type: "ledger.adopted", reason: "laptop stolen" },
  "coverage.checked": {
    type: "coverage.checked",
    ...{ inventory: "devices.csv", inventorySha256: digest, vaultId, devices: 3, covered: 2, doubtful: 0, missing: 1 },
    ...{ percent: "66.6", required: "99.5", maxAgeDays: 365 },
  },
};

/** A body of this kind, good as it is; `fields` say what is special about it. */
export function event<Type extends EntryType>(
  type: Type,
  fields: Partial<Omit<BodyOf<Type>, "type">> = {},
): BodyOf<Type> {
  return { ...EXAMPLES[type], ...fields };
}

/** An entry with this body, as a fold sees it; it is in no chain. */
export function entryOf(body: EntryBody, more: Partial<Entry> = {}): Entry {
  return {
    ...{ ledgerId: "24B0AA32-F8D0-40BA-BB05-73A800324C09", epoch: 1, seq: 1, prev: "0".repeat(64), hash: digest },
    ...{ at: 1_721_360_000_000, stationAt: 1_721_360_000_000, station: "laptop-1", actor: "station", commandId: "c1" },
    ...{ generation: 1, body, ...more },
  };
}
