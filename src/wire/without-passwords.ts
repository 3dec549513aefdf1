/** A message may quote what was typed or read, and that may be a recovery password in the wrong place. */
export function withoutPasswords(text: string): string {
  return text.replace(/\d{6}(?:[ ,-]+\d{6}){2,}|\d{48}/g, "[a recovery password?]");
}
