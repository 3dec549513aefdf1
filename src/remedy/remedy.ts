import { createHash } from "node:crypto";
import type { z } from "zod";
import { canonicalJson } from "../wire/json.ts";
import { MalformedError } from "../wire/malformed.ts";
import { type Remedy, remedySchema } from "./schema.ts";

/**
 * Reads a remedy from the text of its JSON file (docs/formats/remedy.md).
 * Throws MalformedError naming the first field that is wrong: `remove.0.folder: must be ...`.
 */
export function loadRemedy(text: string): Remedy {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new MalformedError(`not JSON: ${(error as Error).message}`);
  }
  const parsed = remedySchema.safeParse(value);
  if (!parsed.success) throw new MalformedError(describe(parsed.error.issues[0]!));
  // JSON.parse keeps the last of two equal keys and drops the first in silence: what a person read is not what would run.
  const repeated = repeatedKey(text);
  if (repeated !== null) throw new MalformedError(`the key "${repeated}" appears twice in one object`);
  return parsed.data;
}

/** SHA-256 (hex) over the canonical JSON, so neither white space nor key order changes a remedy's identity. */
export function remedySha256(remedy: Remedy): string {
  return createHash("sha256")
    .update(canonicalJson({ ...remedy }))
    .digest("hex");
}

function describe(issue: z.core.$ZodIssue): string {
  const where = issue.path.join(".") || "the remedy";
  return `${where}: ${issue.message}`;
}

function repeatedKey(text: string): string | null {
  const open: Array<Set<string> | null> = [];
  const tokens = text.matchAll(/"(?:[^"\\]|\\.)*"(\s*:)?|[{}[\]]/g);
  for (const [token, colon] of tokens) {
    if (token === "{") open.push(new Set());
    else if (token === "[") open.push(null);
    else if (token === "}" || token === "]") open.pop();
    else if (colon !== undefined) {
      const key = JSON.parse(token.slice(0, token.length - colon.length)) as string;
      const keys = open.at(-1);
      if (keys?.has(key)) return key;
      keys?.add(key);
    }
  }
  return null;
}
