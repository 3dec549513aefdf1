import { createPublicKey, type KeyObject, sign, verify } from "node:crypto";
import { type Guid, parseGuid } from "../wire/guid.ts";
import { canonicalJson, type JsonObject } from "../wire/json.ts";
import { MalformedError } from "../wire/malformed.ts";
import type { NewEntry } from "./entry.ts";

/** What a station says and signs: at this moment the last entry of this ledger was this one. */
interface Statement {
  readonly version: 1;
  readonly ledgerId: Guid;
  readonly epoch: number;
  readonly seq: number;
  /** The entry's own hash, 64 hex digits in lower case: it stands for every entry up to this one. */
  readonly hash: string;
  /** When it was signed, by the station's clock: milliseconds since 1970 UTC. */
  readonly at: number;
  /** The station's name. */
  readonly station: string;
  /** The station's Ed25519 public key (RFC 8032), 32 bytes as 64 hex digits in lower case: as short as a fingerprint. */
  readonly publicKey: string;
}

/** A signed head. `signature`: Ed25519 over the UTF-8 canonical JSON of the other fields, 128 hex digits. */
export interface Checkpoint extends Statement {
  readonly signature: string;
}

/** SubjectPublicKeyInfo of an Ed25519 key is these bytes and the key's own 32 (RFC 8410 section 4). */
const SPKI = Buffer.from("302a300506032b6570032100", "hex");

/** The public half of an Ed25519 key pair, 64 hex digits. RangeError for a key of another kind. */
export function publicKeyHex(key: KeyObject): string {
  if (key.asymmetricKeyType !== "ed25519") throw new RangeError(`an Ed25519 key, not ${key.asymmetricKeyType}`);
  const der = (key.type === "public" ? key : createPublicKey(key)).export({ type: "spki", format: "der" });
  return der.subarray(SPKI.length).toString("hex");
}

/** The bytes a signature covers. */
export function signedText(checkpoint: Statement): string {
  const { version, ledgerId, epoch, seq, hash, at, station, publicKey } = checkpoint;
  return canonicalJson({ version, ledgerId, epoch, seq, hash, at, station, publicKey });
}

/** Signs a head. `publicKey` is the private key's other half. */
export function signCheckpoint(head: Omit<Statement, "version" | "publicKey">, privateKey: KeyObject): Checkpoint {
  const statement: Statement = { version: 1, ...head, publicKey: publicKeyHex(privateKey) };
  const signature = sign(null, Buffer.from(signedText(statement)), privateKey).toString("hex");
  return checked({ ...statement, signature });
}

/** True if the checkpoint was signed with the key it names. Whose key that is, is another question. */
export function signatureFits(checkpoint: Checkpoint): boolean {
  const der = Buffer.concat([SPKI, Buffer.from(checkpoint.publicKey, "hex")]);
  const key = createPublicKey({ key: der, type: "spki", format: "der" });
  return verify(null, Buffer.from(signedText(checkpoint)), key, Buffer.from(checkpoint.signature, "hex"));
}

/** A checkpoint as a file: one line of canonical JSON. */
export function checkpointJson(checkpoint: Checkpoint): string {
  return `${canonicalJson({ ...checkpoint })}\n`;
}

/**
 * The same on one line for a QR code, in characters that QR packs two to 11 bits (ISO/IEC 18004 section 7.4.4):
 * BGCP1:LEDGER:EPOCH:SEQ:HASH:AT:STATION:KEY:SIGNATURE, bytes as hex, the station's name as the hex of its UTF-8.
 */
export function checkpointText(checkpoint: Checkpoint): string {
  const { ledgerId, epoch, seq, hash, at, station, publicKey, signature } = checkpoint;
  const fields = [ledgerId, epoch, seq, hash, at, Buffer.from(station).toString("hex"), publicKey, signature];
  return ["bgcp1", ...fields].join(":").toUpperCase();
}

const TEXT = /^bgcp1(?::[0-9a-f-]*){8}$/i;

/** True for what is meant as a checkpoint's text form, whole or not. */
export function looksLikeCheckpointText(text: string): boolean {
  return /^\s*bgcp\d*:/i.test(text);
}

/** Reads either form: JSON, or the text of a QR code in any case, with whatever line breaks a mail put into it. */
export function parseCheckpoint(text: string): Checkpoint {
  if (!looksLikeCheckpointText(text)) return fromJson(text);
  const plain = text.replace(/\s+/g, "");
  if (!TEXT.test(plain)) throw new MalformedError("not the whole text of a checkpoint (BGCP1 and 8 fields)");
  const [, ledgerId, epoch, seq, hash, at, station, publicKey, signature] = plain.toLowerCase().split(":");
  return checked({
    version: 1,
    ledgerId: parseGuid(ledgerId!),
    epoch: Number(epoch),
    seq: Number(seq),
    hash: hash!,
    at: Number(at),
    station: Buffer.from(station!, "hex").toString("utf8"),
    publicKey: publicKey!,
    signature: signature!,
  });
}

const FIELDS = "at,epoch,hash,ledgerId,publicKey,seq,signature,station,version";

function fromJson(text: string): Checkpoint {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new MalformedError("neither a checkpoint's JSON nor its text (BGCP1:...)");
  }
  if (typeof value !== "object" || value === null || Object.keys(value).sort().join() !== FIELDS)
    throw new MalformedError("not a checkpoint: its fields are others");
  return checked(value as unknown as Checkpoint);
}

/** The same if it is in its one form, else MalformedError. */
function checked(checkpoint: Checkpoint): Checkpoint {
  const { version, ledgerId, epoch, seq, hash, at, station, publicKey, signature } =
    checkpoint as unknown as JsonObject;
  const hex = (value: unknown, digits: number) =>
    typeof value === "string" && /^[0-9a-f]*$/.test(value) && value.length === digits;
  const whole = (value: unknown, least: number) => Number.isSafeInteger(value) && (value as number) >= least;
  const fits: readonly (readonly [string, boolean])[] = [
    ["version", version === 1],
    ["ledgerId", typeof ledgerId === "string" && /^[0-9A-F]{8}(-[0-9A-F]{4}){3}-[0-9A-F]{12}$/.test(ledgerId)],
    ["epoch", whole(epoch, 1)],
    ["seq", whole(seq, 1)],
    ["hash", hex(hash, 64)],
    ["at", whole(at, 0)],
    ["station", typeof station === "string" && station.length > 0 && station.length <= 255 && station.isWellFormed()],
    ["publicKey", hex(publicKey, 64)],
    ["signature", hex(signature, 128)],
  ];
  const wrong = fits.find(([, is]) => !is)?.[0];
  if (wrong !== undefined) throw new MalformedError(`not a checkpoint of version 1: "${wrong}" is not as it has to be`);
  return checkpoint;
}

/** That a checkpoint was made. Its entry comes after the one that was signed; `by` tells two processes apart. */
export function checkpointedEntry({ seq, hash, at }: Checkpoint, actor: string, by: number): NewEntry {
  return { body: { type: "ledger.checkpointed", seq, hash }, actor, commandId: `checkpoint:${seq}:${at}:${by}` };
}
