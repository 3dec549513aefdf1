import { MalformedError } from "../wire/malformed.ts";
import { Secret } from "../wire/secret.ts";

/**
 * A BitLocker recovery password (Windows' screens call it "recovery key"): 8 groups of 6 digits, each group 11 times
 * a uint16. The eight uint16, little-endian, are the 16 bytes from which the volume's key is stretched.
 */
export interface RecoveryPassword {
  /** The one canonical spelling: `dddddd-dddddd-...`, 55 characters. */
  readonly text: Secret<string>;
  /** 16 bytes. */
  readonly key: Secret<Uint8Array>;
}

const RECOVERY_PASSWORD_KEY_BYTES = 16;
const GROUPS = 8;
const GROUP_DIGITS = 6;
const CHECK = 11;

/**
 * Accepts `-`, spaces or nothing between the groups, and spaces at both ends; ASCII digits only. Everything else is a
 * MalformedError that names the failing group (its `offset` is the group's number, 1 to 8) and never shows a digit.
 * Stricter than Windows' own dialogs and than cryptsetup, which takes 720896 for 0: a group of 65536 * 11 or more has
 * no uint16. One wrong digit, or two neighbours swapped inside a group, is always caught.
 */
export function parseRecoveryPassword(text: string): RecoveryPassword {
  const groups = splitGroups(text.replace(/^ +| +$/g, ""));
  const key = new Uint8Array(RECOVERY_PASSWORD_KEY_BYTES);
  const view = new DataView(key.buffer);
  for (let index = 0; index < GROUPS; index++) view.setUint16(index * 2, parseGroup(groups[index], index + 1), true);
  if (groups.length > GROUPS) throw new MalformedError("recovery password: more than 8 groups", GROUPS);
  return recoveryPasswordOf(key);
}

/** The canonical text of 16 key bytes. */
export function formatRecoveryPassword(key: Uint8Array): Secret<string> {
  if (key.length !== RECOVERY_PASSWORD_KEY_BYTES)
    throw new MalformedError(`a recovery password is made of 16 bytes, not ${key.length}`);
  const view = new DataView(key.buffer, key.byteOffset, key.byteLength);
  const groups = Array.from({ length: GROUPS }, (_, index) => view.getUint16(index * 2, true) * CHECK);
  return new Secret(groups.map((group) => String(group).padStart(GROUP_DIGITS, "0")).join("-"));
}

/** Every 16 bytes are one recovery password: `random` decides which. */
export function randomRecoveryPassword(random: Uint8Array): RecoveryPassword {
  return recoveryPasswordOf(random.slice());
}

function recoveryPasswordOf(key: Uint8Array): RecoveryPassword {
  return { text: formatRecoveryPassword(key), key: new Secret(key) };
}

function splitGroups(text: string): string[] {
  if (/[ -]/.test(text)) return text.split(/ *- *| +/);
  return text.match(/.{1,6}/gsu) ?? [""];
}

function parseGroup(group: string | undefined, number: number): number {
  const refuse = (why: string): never => {
    throw new MalformedError(`recovery password: group ${number} ${why}`, number);
  };
  if (group === undefined || group === "") return refuse("is missing");
  if (!/^[0-9]*$/.test(group)) return refuse("holds something that is not a digit 0-9");
  if (group.length !== GROUP_DIGITS) return refuse(`has ${group.length} digits, not ${GROUP_DIGITS}`);
  const value = Number(group);
  if (value % CHECK !== 0) return refuse("has a mistyped digit: it is not divisible by 11");
  if (value / CHECK > 0xffff) return refuse("is too large: no group is above 720885");
  return value / CHECK;
}
