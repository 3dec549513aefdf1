/** What an operator token may be used for: each is one kind of question, and none includes another. */
export const SCOPES = ["lookup", "release", "coverage", "status"] as const;
export type Scope = (typeof SCOPES)[number];

export function isScope(text: string): text is Scope {
  return (SCOPES as readonly string[]).includes(text);
}
