import { BECH32_CHARACTERS, bech32Holds, decodeBech32, encodeBech32 } from "../../wire/bech32.ts";
import { MalformedError } from "../../wire/malformed.ts";
import { Secret } from "../../wire/secret.ts";

/** What a share says of itself; none of it is secret. */
interface ShareLabel {
  /** The first 8 hex digits of the vault's ID. */
  readonly vault: string;
  /** 8 hex digits: which splitting it comes from. */
  readonly setId: string;
  /** 1 for the first card. */
  readonly number: number;
  /** So many shares of the set open the vault. */
  readonly threshold: number;
  readonly shares: number;
}

/** One custodian's share of the custodians' key. */
export interface Share extends ShareLabel {
  /** 33 bytes: the values of the 32 polynomials at one coordinate, then that coordinate. */
  readonly value: Secret<Uint8Array>;
}

/** Why a text is no share. `not-a-share`: something else, or half of one; `mistyped-share`: its checksum does not hold. */
interface ShareFault {
  readonly refuse: "not-a-share" | "mistyped-share";
  readonly detail: string;
}

const PREFIX = "bg";
const VERSION = 1;
const LABEL = 12;
const VALUE = 33;
/** Characters after `BG1`: 45 bytes five bits each, and a checksum of six. */
const CHARACTERS = 78;
/** How a card prints them: so many characters between two spaces. */
const GROUP = 6;

/** A share as a card shows it, `BG1` and 13 groups of six characters: docs/formats/vault.md, "The text of a share". */
export function shareText({ vault, setId, number, threshold, shares, value }: Share): Secret<string> {
  const label = [VERSION, ...Buffer.from(vault + setId, "hex"), number, threshold, shares];
  const text = encodeBech32("bech32m", PREFIX, Uint8Array.from([...label, ...value.reveal()])).toUpperCase();
  return new Secret([text.slice(0, 3), ...text.slice(3).match(/.{1,6}/g)!].join(" "));
}

/**
 * A share from what was typed or scanned: either case, spaces, dashes and line ends anywhere. O is read as 0, I and 1 as
 * L, B as 8: none of these four is ever in a share after its first three characters.
 */
export function parseShare(text: string): Share | ShareFault {
  const bare = text.toLowerCase().replace(/[\s\p{Pd}_.,;]/gu, "");
  if (!/^bg[1li]/.test(bare)) return { refuse: "not-a-share", detail: "it does not begin with BG1" };
  const read = bare.slice(3).replace(/[oi1b]/g, (letter) => ({ o: "0", i: "l", 1: "l", b: "8" })[letter]!);
  if (/[^a-z0-9]/.test(read)) return { refuse: "not-a-share", detail: "a share is letters and digits alone" };
  if (read.length !== CHARACTERS)
    return {
      refuse: "not-a-share",
      detail: `a share has ${CHARACTERS} characters after BG1, and this one has ${read.length}`,
    };
  const whole = `${PREFIX}1${read}`;
  if (!bech32Holds("bech32m", whole)) return { refuse: "mistyped-share", detail: whereMistyped(read) };
  return fromBytes(decodeBech32("bech32m", PREFIX, whole));
}

function fromBytes(bytes: Uint8Array): Share | ShareFault {
  const [version, number, threshold, shares] = [bytes[0]!, bytes[9]!, bytes[10]!, bytes[11]!];
  if (version !== VERSION)
    return {
      refuse: "not-a-share",
      detail: `it is of version ${version}, and this breakglass knows version ${VERSION}`,
    };
  if (bytes.length !== LABEL + VALUE || number < 1 || number > shares || threshold < 2 || threshold > shares)
    return { refuse: "not-a-share", detail: "what it says of itself makes no sense" };
  const hex = Buffer.from(bytes.subarray(1, 9)).toString("hex").toUpperCase();
  const value = new Secret(Uint8Array.from(bytes.subarray(LABEL)));
  return { vault: hex.slice(0, 8), setId: hex.slice(8), number, threshold, shares, value };
}

/** Two shares never differ in fewer than five characters, so a single wrong one can be found, though not trusted. */
function whereMistyped(read: string): string {
  for (let place = 0; place < read.length; place++)
    for (const other of BECH32_CHARACTERS)
      if (bech32Holds("bech32m", `${PREFIX}1${read.slice(0, place)}${other}${read.slice(place + 1)}`))
        return `a character of group ${Math.floor(place / GROUP) + 1} after BG1 is wrong`;
  return "several characters are wrong, or two groups have changed places";
}

/** What `parseShare` found is a share. */
export function isShare(found: Share | ShareFault): found is Share {
  return "value" in found;
}

/** The custodians' key as an age identity, from its 32 bytes. Throws MalformedError if they are not 32. */
export function keyFromBytes(bytes: Uint8Array): Secret<string> {
  if (bytes.length !== 32) throw new MalformedError(`a key of ${bytes.length} bytes`);
  return new Secret(encodeBech32("bech32", "age-secret-key-", bytes).toUpperCase());
}
