import { deviceNameOf } from "../../../fleet/device-name.ts";
import { Secret } from "../../../wire/secret.ts";
import type { ExportRow, FoundItem } from "../export-row.ts";
import { linesOf } from "../lines.ts";
import type { Chunks, Format } from "./format.ts";
import { rowOfObject } from "./recovery-object.ts";

/** LDIF (RFC 2849), as `ldifde`, `ldapsearch` and `ldbsearch` write it. */
export const adLdif: Format = {
  name: "ad-ldif",
  what: "Active Directory by ldifde or ldapsearch, LDIF",
  recognise: (head) => /^dn::? /m.test(head),
  rows: ldifRows,
};

/** The attributes that matter; an entry's others are passed by, whatever their size. */
const READ = new Set([
  "dn",
  "objectclass",
  "name",
  "msfve-recoveryguid",
  "msfve-recoverypassword",
  "whencreated",
  "lastknownparent",
]);
/** More than any of these is, as folded lines together. */
const LONGEST_VALUE = 16_384;

interface Entry {
  readonly line: number;
  readonly values: Map<string, Buffer>;
  isRecoveryInformation: boolean;
  broken: boolean;
}

async function* ldifRows(chunks: Chunks): AsyncGenerator<FoundItem> {
  let entry: Entry | null = null;
  for await (const { line, text } of unfolded(chunks)) {
    const found = text === null ? null : /^([A-Za-z][\w.-]*)(?:;[\w-]+)*:([:<]?) *(.*)$/s.exec(text);
    const [attribute, mark, value] = [found?.[1]?.toLowerCase(), found?.[2], found?.[3]];
    if (text === "" || attribute === "dn") {
      yield* rowsOf(entry);
      entry = null;
    }
    if (attribute === "dn") entry = { line, values: new Map(), isRecoveryInformation: false, broken: false };
    if (entry !== null && (text === null || (attribute !== undefined && READ.has(attribute)))) {
      const bytes = text === null ? null : octetsOf(mark!, value!);
      if (bytes === null) entry.broken = true;
      else if (attribute !== "objectclass") entry.values.set(attribute!, bytes);
      else if (/^msFVE-RecoveryInformation$/i.test(bytes.toString("utf8"))) entry.isRecoveryInformation = true;
    }
  }
  yield* rowsOf(entry);
}

/** Logical lines: one that begins with a space goes on where the one before ended; comments are folded, too. */
async function* unfolded(chunks: Chunks): AsyncGenerator<{ line: number; text: string | null }> {
  let held: { line: number; parts: string[]; length: number } | null = null;
  const done = function* (): Generator<{ line: number; text: string | null }> {
    if (held === null) return;
    const text = held.length > LONGEST_VALUE ? null : held.parts.join("");
    if (!text?.startsWith("#")) yield { line: held.line, text };
  };
  for await (const { number, text } of linesOf(chunks)) {
    const part = text?.startsWith(" ") ? text.slice(1) : null;
    if (part !== null && held !== null) {
      held.length += part.length;
      if (held.length <= LONGEST_VALUE) held.parts.push(part);
      continue;
    }
    yield* done();
    held = { line: number, parts: [text ?? ""], length: text === null ? LONGEST_VALUE + 1 : text.length };
  }
  yield* done();
}

/** Text as it stands, or base64; null if it is not base64, or only the URL of a value. */
function octetsOf(mark: string, value: string): Buffer | null {
  if (mark === "") return Buffer.from(value, "utf8");
  const whole = mark === ":" && /^[A-Za-z0-9+/]*={0,2}$/.test(value) && value.length % 4 === 0;
  return whole ? Buffer.from(value, "base64") : null;
}

/** Nothing for what is not a recovery object: such exports hold computers and folders as well. */
function* rowsOf(entry: Entry | null): Generator<ExportRow> {
  if (entry === null) return;
  const { line, values, isRecoveryInformation, broken } = entry;
  const text = (attribute: string) => values.get(attribute)?.toString("utf8") ?? null;
  // An export of chosen attributes may lack objectClass, and the password, where nobody may read it.
  const isNamedSo = /^CN=[^,]*\{[0-9a-f-]{36}\},\s*CN=/i.test(text("dn") ?? "");
  if (!isRecoveryInformation && !isNamedSo && !values.has("msfve-recoverypassword")) return;
  const row = rowOfObject({
    distinguishedName: text("dn"),
    name: text("name"),
    guid: values.get("msfve-recoveryguid") ?? null,
    password: text("msfve-recoverypassword"),
    whenCreated: text("whencreated"),
    deviceName: deviceNameOf(text("lastknownparent") ?? ""),
  });
  const detail = "a value of it is too long, not whole base64, or kept in another file";
  const of = new Secret(text("msfve-recoverypassword") ?? "");
  if ("reason" in row && broken) yield { line, row: { ...row, reason: "bad-encoding", detail }, of };
  else yield { line, row, of };
}
