export type Json = null | boolean | number | string | readonly Json[] | JsonObject;
export type JsonObject = { readonly [key: string]: Json };

/**
 * The one byte form of a JSON value, for hashing: RFC 8785 (JCS) for the values used here. Keys sorted by UTF-16 code
 * units, no white space, numbers as ECMAScript prints them. Numbers must be finite.
 */
export function canonicalJson(value: Json): string {
  if (typeof value === "number" && !Number.isFinite(value)) throw new RangeError("JSON numbers are finite");
  if (value === null || typeof value !== "object") return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(",")}]`;
  const object = value as JsonObject;
  let members = "";
  for (const key of Object.keys(object).sort())
    members += `${members === "" ? "" : ","}${JSON.stringify(key)}:${canonicalJson(object[key]!)}`;
  return `{${members}}`;
}
