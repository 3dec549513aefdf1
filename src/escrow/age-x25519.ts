import {
  createCipheriv,
  createDecipheriv,
  createHmac,
  createPrivateKey,
  createPublicKey,
  diffieHellman,
  hkdfSync,
  type KeyObject,
  timingSafeEqual,
} from "node:crypto";
import { decodeBech32 } from "../wire/bech32.ts";
import { MalformedError } from "../wire/malformed.ts";

// https://age-encryption.org/v1 for files of one X25519 recipient and one payload chunk, in OpenSSL's code: four times
// as fast as an age library in JavaScript, and an import seals a record for every row (docs/adr/0021-native-age.md).

const FILE_KEY = 16;
const NONCE = 16;
const TAG = 16;
/** The most that one chunk of STREAM holds. */
const CHUNK = 65_536;
const HEADER =
  /^age-encryption\.org\/v1\n-> X25519 ([A-Za-z0-9+/]{43})\n([A-Za-z0-9+/]{43})\n--- ([A-Za-z0-9+/]{43})\n/;
const ZERO_NONCE = Buffer.alloc(12);
/** STREAM's nonce of the first chunk that is the last one, too: an 11-byte counter, and the mark of the end. */
const LAST_NONCE = Buffer.concat([Buffer.alloc(11), Buffer.of(1)]);

/** A recipient as `age-keygen` prints it (`age1...`), ready for sealing. Throws MalformedError if it is not one. */
export function parseRecipient(text: string): KeyObject {
  const key = decodeBech32("bech32", "age", text);
  if (key.length !== 32) throw new MalformedError("an age recipient that is not an X25519 key");
  return createPublicKey({ key: Buffer.from(key), format: "raw-public", asymmetricKeyType: "x25519" });
}

/** An age file with `plain` (64 KiB at most) for one recipient. `random` gives unguessable bytes. */
export function sealAge(plain: Uint8Array, recipient: KeyObject, random: (length: number) => Uint8Array): Buffer {
  if (plain.length > CHUNK) throw new RangeError("more than one chunk of an age file");
  const ephemeral = x25519(random(32));
  const share = publicBytes(ephemeral);
  const fileKey = random(FILE_KEY);
  const wrap = wrapKey(diffieHellman({ privateKey: ephemeral, publicKey: recipient }), share, publicBytes(recipient));
  const stanza = `-> X25519 ${base64(share)}\n${base64(encrypt(wrap, ZERO_NONCE, fileKey))}`;
  const header = `age-encryption.org/v1\n${stanza}\n---`;
  const nonce = random(NONCE);
  const payload = encrypt(hkdf(fileKey, nonce, "payload"), LAST_NONCE, plain);
  return Buffer.concat([Buffer.from(`${header} ${base64(headerMac(fileKey, header))}\n`), nonce, payload]);
}

/**
 * The plain text of such a file; null if it is not of one X25519 recipient and one chunk, so that another program
 * has to read it. `identity` is the text `AGE-SECRET-KEY-1...`. Throws MalformedError if it is damaged or for another.
 */
export function openAge(file: Uint8Array, identity: string): Buffer | null {
  const bytes = Buffer.from(file.buffer, file.byteOffset, file.byteLength);
  const found = HEADER.exec(bytes.toString("latin1", 0, 256));
  if (found === null || bytes.length > found[0].length + NONCE + CHUNK + TAG) return null;
  const [share, body, mac] = found.slice(1).map((text) => unbase64(text)) as [Buffer, Buffer, Buffer];
  const own = x25519(decodeBech32("bech32", "age-secret-key-", identity));
  const theirs = createPublicKey({ key: share, format: "raw-public", asymmetricKeyType: "x25519" });
  try {
    // OpenSSL refuses a share of low order, whose secret would be all zeros (RFC 7748 section 6.1).
    const wrap = wrapKey(diffieHellman({ privateKey: own, publicKey: theirs }), share, publicBytes(own));
    const fileKey = decrypt(wrap, ZERO_NONCE, body);
    const header = found[0].slice(0, found[0].lastIndexOf("---") + 3);
    if (fileKey.length !== FILE_KEY || !timingSafeEqual(headerMac(fileKey, header), mac)) throw new Error("header");
    const payload = bytes.subarray(found[0].length);
    const key = hkdf(fileKey, payload.subarray(0, NONCE), "payload");
    return decrypt(key, LAST_NONCE, payload.subarray(NONCE));
  } catch {
    throw new MalformedError("an age file that is damaged, or was made for another recipient");
  }
}

function x25519(secret: Uint8Array): KeyObject {
  if (secret.length !== 32) throw new MalformedError("an age identity that is not an X25519 key");
  return createPrivateKey({ key: Buffer.from(secret), format: "raw-private", asymmetricKeyType: "x25519" });
}

function publicBytes(key: KeyObject): Buffer {
  return (key.type === "public" ? key : createPublicKey(key)).export({ format: "raw-public" });
}

function wrapKey(shared: Uint8Array, share: Uint8Array, recipient: Uint8Array): Buffer {
  return hkdf(shared, Buffer.concat([share, recipient]), "age-encryption.org/v1/X25519");
}

function headerMac(fileKey: Uint8Array, header: string): Buffer {
  return createHmac("sha256", hkdf(fileKey, new Uint8Array(), "header"))
    .update(header)
    .digest();
}

function hkdf(key: Uint8Array, salt: Uint8Array, info: string): Buffer {
  return Buffer.from(hkdfSync("sha256", key, salt, info, 32));
}

function encrypt(key: Uint8Array, nonce: Uint8Array, plain: Uint8Array): Buffer {
  const cipher = createCipheriv("chacha20-poly1305", key, nonce, { authTagLength: TAG });
  const text = cipher.update(plain);
  cipher.final();
  return Buffer.concat([text, cipher.getAuthTag()]);
}

function decrypt(key: Uint8Array, nonce: Uint8Array, sealed: Uint8Array): Buffer {
  if (sealed.length < TAG) throw new Error("cut off");
  const decipher = createDecipheriv("chacha20-poly1305", key, nonce, { authTagLength: TAG });
  decipher.setAuthTag(sealed.subarray(-TAG));
  const plain = decipher.update(sealed.subarray(0, -TAG));
  decipher.final();
  return plain;
}

/** Without padding, as age has it. */
const base64 = (bytes: Uint8Array) => Buffer.from(bytes).toString("base64").replace(/=+$/, "");

/** 32 bytes in their one spelling: age refuses another that stands for the same bytes. */
function unbase64(text: string): Buffer {
  const bytes = Buffer.from(text, "base64");
  if (base64(bytes) !== text) throw new MalformedError("an age file with base64 that has two spellings");
  return bytes;
}
