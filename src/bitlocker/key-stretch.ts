import { createHash, hash } from "node:crypto";
import type { RecoveryPassword } from "./recovery-password.ts";

const ROUNDS = 0x100000;

/**
 * The 32-byte key that seals the VMK under a recovery password: 2^20 rounds of
 * SHA-256(last || SHA-256(password's 16 bytes) || salt || round u64). About a second of work.
 */
export function stretchRecoveryPassword(password: RecoveryPassword, salt: Uint8Array): Uint8Array {
  const state = Buffer.alloc(88);
  state.set(createHash("sha256").update(password.key.reveal()).digest(), 32);
  state.set(salt, 64);
  for (let round = 0; round < ROUNDS; round++) {
    state.writeUInt32LE(round, 80);
    state.set(hash("sha256", state, "buffer"), 0);
  }
  return Uint8Array.from(state.subarray(0, 32));
}
