import type { NameGrammar } from "../../src/remedy/name.ts";

/** Does the whole name fit? `exactly` is false for a name that fits only when ASCII case is ignored. */
export function fitName(grammar: NameGrammar, name: string): { readonly fits: boolean; readonly exactly: boolean } {
  const source = grammar
    .map((part) => ("digits" in part ? `[0-9]{${part.digits}}` : escapeRegExp(part.literal)))
    .join("");
  // Without the `u` flag, `i` folds no character outside ASCII into an ASCII one: U+017F and U+212A stay strangers.
  return { fits: new RegExp(`^${source}$`, "i").test(name) && !/\n/.test(name), exactly: matches(source, name) };
}

function matches(source: string, name: string): boolean {
  return new RegExp(`^${source}$`).test(name);
}

function escapeRegExp(text: string): string {
  return text.replace(/[.-]/g, "\\$&");
}
