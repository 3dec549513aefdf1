/** A message may quote what was typed or read, and that may be a recovery password, a key or a token in the wrong place. */
export function withoutPasswords(text: string): string {
  return text
    .replace(/\d{6}(?:[ ,-]+\d{6}){2,}|\d{48}/g, "[a recovery password?]")
    .replace(/AGE-SECRET-KEY-1[0-9A-Z]{20,}/gi, "[a secret key?]")
    .replace(/\bbgt_[0-9A-Za-z_-]{20,}/g, "[a token?]");
}
