import { createPrivateKey, generateKeyPairSync, type KeyObject } from "node:crypto";
import { chownSync, linkSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { publicKeyHex } from "../ledger/checkpoint.ts";
import { ExitCode, OperatorError } from "../wire/operator-error.ts";
import { fileCause } from "./read-file.ts";

/**
 * The station's Ed25519 private key: PKCS#8 in PEM at `path`, mode 0600, made at its first use. Throws OperatorError if
 * it cannot be made or read, or is a key of another kind.
 */
export function stationKey(path: string): KeyObject {
  if (statSync(path, { throwIfNoEntry: false }) === undefined) makeKey(path);
  try {
    const key = createPrivateKey(readFileSync(path, "utf8"));
    publicKeyHex(key);
    return key;
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? "";
    const why = /^E[A-Z]+$/.test(code) ? fileCause(error) : "it holds no Ed25519 key in PEM";
    throw new OperatorError(
      `The station's signing key ${path} cannot be read: ${why}. Nothing was signed.`,
      "Run as the user who owns it. If it is damaged, move it aside and run again: a new one is made, and the ledger says so.",
      ExitCode.environment,
    );
  }
}

function makeKey(path: string): void {
  const pem = generateKeyPairSync("ed25519").privateKey.export({ type: "pkcs8", format: "pem" });
  const fresh = `${path}.${process.pid}`;
  try {
    writeFileSync(fresh, pem, { mode: 0o600, flag: "wx", flush: true });
    ownedAsItsFolder(fresh);
    // Unlike a rename, a link never takes the place of a key that another process made in the same moment.
    linkSync(fresh, path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return;
    throw new OperatorError(
      `The station's signing key ${path} cannot be made: ${fileCause(error)}. Nothing was signed.`,
      "Make that disk writable and make room on it, or run as the user who owns the folder.",
      ExitCode.environment,
    );
  } finally {
    rmSync(fresh, { force: true });
  }
}

/** `serve` runs as root, often in a folder of the operator's own: what it makes there, the operator's next verb must read. */
export function ownedAsItsFolder(path: string): void {
  if (process.getuid?.() !== 0) return;
  const { uid, gid } = statSync(dirname(path));
  chownSync(path, uid, gid);
}
