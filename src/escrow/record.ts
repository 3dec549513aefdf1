import { type KeyObject, randomBytes } from "node:crypto";
import { armor, Decrypter, Encrypter, generateX25519Identity, identityToRecipient } from "age-encryption";
import { parseRecoveryPassword, type RecoveryPassword } from "../bitlocker/recovery-password.ts";
import { type Guid, parseGuid } from "../wire/guid.ts";
import { MalformedError } from "../wire/malformed.ts";
import { Secret } from "../wire/secret.ts";
import { decodeArmor, encodeArmor } from "./age-armor.ts";
import { openAge, parseRecipient, sealAge } from "./age-x25519.ts";

// The two ciphertexts of a vault, both ASCII-armored age files (https://age-encryption.org/v1) that the `age` program
// opens by itself: docs/formats/vault.md.

/** How an identity file is locked: under a passphrase (`workFactor` is log2 of scrypt's N), or to an age recipient. */
type IdentityLock =
  | { readonly passphrase: Secret<string>; readonly workFactor: number }
  | { readonly recipient: string };

/** A new key pair: the public recipient, and the identity as an age file under the passphrase. */
export async function newIdentity(
  vaultId: string,
  passphrase: Secret<string>,
  workFactor: number,
): Promise<{ recipient: string; sealedIdentity: string }> {
  const identity = new Secret(await generateX25519Identity());
  const recipient = await identityToRecipient(identity.reveal());
  return { recipient, sealedIdentity: await sealIdentity(vaultId, identity, { passphrase, workFactor }) };
}

/** The identity file of a vault as an age file under `lock`. */
export async function sealIdentity(vaultId: string, identity: Secret<string>, lock: IdentityLock): Promise<string> {
  const encrypter = new Encrypter();
  if ("recipient" in lock) encrypter.addRecipient(lock.recipient);
  else {
    encrypter.setScryptWorkFactor(lock.workFactor);
    encrypter.setPassphrase(lock.passphrase.reveal());
  }
  const recipient = await identityToRecipient(identity.reveal());
  const file = `# breakglass vault ${vaultId}\n# public key: ${recipient}\n${identity.reveal()}\n`;
  return armor.encode(await encrypter.encrypt(file));
}

/** The identity, `wrong-passphrase`, or MalformedError if the age file is damaged or is another vault's. */
export async function openIdentity(
  sealedIdentity: string,
  recipient: string,
  passphrase: Secret<string>,
): Promise<Secret<string> | "wrong-passphrase"> {
  const decrypter = new Decrypter();
  decrypter.addPassphrase(passphrase.reveal());
  return (await decryptIdentity(decrypter, sealedIdentity, recipient)) ?? "wrong-passphrase";
}

/** The same for an identity file that was locked to a recipient; `key` is that recipient's own age identity. */
export async function openIdentityWithKey(
  sealedIdentity: string,
  recipient: string,
  key: Secret<string>,
): Promise<Secret<string> | "wrong-key"> {
  const decrypter = new Decrypter();
  decrypter.addIdentity(key.reveal());
  return (await decryptIdentity(decrypter, sealedIdentity, recipient)) ?? "wrong-key";
}

/** Null if what the decrypter was given does not fit the file. */
async function decryptIdentity(
  decrypter: Decrypter,
  sealedIdentity: string,
  recipient: string,
): Promise<Secret<string> | null> {
  let file: string;
  try {
    file = await decrypter.decrypt(decodeArmor(sealedIdentity), "text");
  } catch (error) {
    if ((error as Error).message.startsWith("no identity matched")) return null;
    throw error instanceof MalformedError ? error : new MalformedError("the vault's identity is damaged");
  }
  const identity = /^AGE-SECRET-KEY-1[0-9A-Z]+$/m.exec(file)?.[0];
  if (identity === undefined || !(await belongs(new Secret(identity), recipient)))
    throw new MalformedError("the vault's identity does not belong to its recipient");
  return new Secret(identity);
}

/** True if this age identity is the secret half of `recipient`. */
export async function belongs(identity: Secret<string>, recipient: string): Promise<boolean> {
  return (await identityToRecipient(identity.reveal())) === recipient;
}

/**
 * One recovery password as an age file. Needs the public recipient alone, so a sealed vault takes deposits. Whoever
 * seals many parses the recipient once (parseRecipient).
 */
export function sealRecord(
  recipient: string | KeyObject,
  protectorId: Guid,
  password: RecoveryPassword,
  random: (length: number) => Uint8Array = randomBytes,
): string {
  const key = typeof recipient === "string" ? parseRecipient(recipient) : recipient;
  // The protector ID inside keeps two rows' ciphertexts from being swapped; the length is always the same.
  const plain = `key-protector-id ${protectorId}\nrecovery-password ${password.text.reveal()}\n`;
  return encodeArmor(sealAge(Buffer.from(plain), key, random));
}

/** The recovery password of a record; MalformedError if it is damaged or belongs to another key protector. */
export async function openRecord(record: string, identity: Secret<string>, protectorId: Guid): Promise<Secret<string>> {
  let plain: string;
  try {
    const file = decodeArmor(record);
    plain = (openAge(file, identity.reveal()) ?? (await openByLibrary(file, identity))).toString("utf8");
  } catch {
    throw new MalformedError(`the record of ${protectorId} is damaged, or was made for another vault`);
  }
  const fields = /^key-protector-id (\S+)\nrecovery-password ([0-9-]+)\n$/.exec(plain);
  if (fields === null) throw new MalformedError(`the record of ${protectorId} has no recovery password in it`);
  if (parseGuid(fields[1]!) !== protectorId)
    throw new MalformedError(`the record of ${protectorId} belongs to another key protector`);
  return parseRecoveryPassword(fields[2]!).text;
}

/** An age file that another program made for the vault's recipient may have other stanzas beside ours. */
async function openByLibrary(file: Uint8Array, identity: Secret<string>): Promise<Buffer> {
  const decrypter = new Decrypter();
  decrypter.addIdentity(identity.reveal());
  return Buffer.from(await decrypter.decrypt(file));
}
