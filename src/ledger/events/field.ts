import type { Guid } from "../../wire/guid.ts";
import type { Ipv4 } from "../../wire/ipv4.ts";
import type { JsonObject } from "../../wire/json.ts";
import type { MacAddress } from "../../wire/mac.ts";

/** One field of an event: what may stand in it, and what docs/formats/events.md says of it. */
interface Field<Value, Optional extends boolean = false> {
  /** True for a value that JSON can hold and this field takes. */
  readonly takes: (value: unknown) => value is Value;
  /** JSON type, form and unit, for people: `number, ms since 1970 UTC`. */
  readonly form: string;
  readonly meaning: string;
  /** True if it may be absent: some entries have no such thing, or older versions did not write it. */
  readonly optional: Optional;
  /** The fields inside, for a record or a list of records. */
  readonly inside: Fields | null;
}

export interface Fields {
  readonly [name: string]: Field<unknown, boolean>;
}

export type ValueOf<F> = F extends Field<infer Value, boolean> ? Value : never;

type OptionalNames<F extends Fields> = { [Name in keyof F]: F[Name]["optional"] extends true ? Name : never }[keyof F];

type Both<F extends Fields> = { readonly [Name in Exclude<keyof F, OptionalNames<F>>]: ValueOf<F[Name]> } & {
  readonly [Name in OptionalNames<F>]?: ValueOf<F[Name]>;
};

/** The object that has these fields. */
export type RecordOf<F extends Fields> = { [Name in keyof Both<F>]: Both<F>[Name] };

function field<Value>(form: string, meaning: string, takes: (value: unknown) => boolean): Field<Value> {
  return { takes: takes as Field<Value>["takes"], form, meaning, optional: false, inside: null };
}

function matching<Value extends string>(pattern: RegExp, form: string) {
  return (meaning: string) => field<Value>(form, meaning, (value) => typeof value === "string" && pattern.test(value));
}

export const mac = matching<MacAddress>(/^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/, "string, MAC address");
export const guid = matching<Guid>(/^[0-9A-F]{8}(-[0-9A-F]{4}){3}-[0-9A-F]{12}$/, "string, GUID in upper case");
export const ipv4 = matching<Ipv4>(/^\d{1,3}(\.\d{1,3}){3}$/, "string, IPv4 address");
export const sha256 = matching<string>(/^[0-9a-f]{64}$/, "string, SHA-256 as 64 hex digits");
export const hex256 = matching<string>(/^[0-9a-f]{64}$/, "string, 32 bytes as 64 hex digits");

export function text(meaning: string): Field<string> {
  return field("string", meaning, (value) => typeof value === "string");
}

export function flag(meaning: string): Field<boolean> {
  return field("boolean", meaning, (value) => typeof value === "boolean");
}

/** A whole number; `unit` where it counts no things. */
export function whole(meaning: string, unit?: string): Field<number> {
  return field(unit === undefined ? "number" : `number, ${unit}`, meaning, Number.isSafeInteger);
}

export function time(meaning: string): Field<number> {
  return whole(meaning, "ms since 1970 UTC");
}

/** One of these words. Words that a later version no longer writes stay: an old ledger has them. */
export function word<const Word extends string>(words: readonly Word[], meaning: string): Field<Word> {
  const known: ReadonlySet<unknown> = new Set(words);
  return field(words.map((each) => `\`${each}\``).join(" or "), meaning, (value) => known.has(value));
}

/** An object of another format, which that format's reader checks. */
export function document(meaning: string): Field<JsonObject> {
  return field("object", meaning, (value) => typeof value === "object" && value !== null && !Array.isArray(value));
}

export function record<const F extends Fields>(fields: F, meaning: string): Field<RecordOf<F>> {
  const table = tableOf(fields);
  const fits = (value: unknown) => typeof value === "object" && value !== null && table.problem(value) === null;
  return { ...field<RecordOf<F>>("object", meaning, fits), inside: fields };
}

export function list<Value>(item: Field<Value>, meaning: string): Field<readonly Value[]> {
  const fits = (value: unknown) => Array.isArray(value) && value.every(item.takes);
  return { ...field<readonly Value[]>(`array of: ${item.form}`, meaning, fits), inside: item.inside };
}

export function nullable<Value>(of: Field<Value>): Field<Value | null> {
  const fits = (value: unknown) => value === null || of.takes(value);
  return { ...field<Value | null>(`${of.form}; or null`, of.meaning, fits), inside: of.inside };
}

export function optional<Value>(of: Field<Value>): Field<Value, true> {
  return { ...of, optional: true };
}

/** The fields of an object, ready to check a million of them. */
export interface FieldTable {
  /** What is wrong with an object, without a full stop; null if it has these fields and no others. `type` is passed over. */
  problem(value: object): string | null;
}

export function tableOf(fields: Fields): FieldTable {
  const known = new Map(Object.entries(fields));
  const required = Object.keys(fields).filter((name) => !fields[name]!.optional);
  return {
    problem(value) {
      let found = 0;
      for (const name in value) {
        if (name === "type" && !known.has(name)) continue;
        const wanted = known.get(name);
        if (wanted === undefined) return `it has a field ${JSON.stringify(name)} that this version does not know`;
        if (!wanted.takes((value as JsonObject)[name])) return `its ${name} is not what it has to be (${wanted.form})`;
        if (!wanted.optional) found += 1;
      }
      if (found === required.length) return null;
      return `it has no ${required.filter((name) => !(name in value)).join(", ")}`;
    },
  };
}
