/** A name that may be looked up, or why it may not. */
export type BootFileName = { readonly name: string } | { readonly refused: "traversal" | "not-a-name" };

const LONGEST = 255;
// Way out of a namespace: a parent or empty segment, a second leading slash, a DOS path or drive, NUL and other control
// characters, percent or overlong encodings of any of these.
const TRAVERSAL = /(^|\/)\.{1,2}(\/|$)|\/\/|[\\:%]|[\x00-\x1f\x7f-\xff]/;
const SEGMENTS = /^[A-Za-z0-9_+.-]+(\/[A-Za-z0-9_+.-]+)*$/;

/**
 * The name asked for, as the manifest spells it: one leading slash is dropped (GRUB and shim send it), nothing else is
 * mapped, decoded or normalised. What cannot be such a name never reaches a lookup.
 */
export function bootFileName(asked: string): BootFileName {
  const name = asked.startsWith("/") ? asked.slice(1) : asked;
  if (TRAVERSAL.test(name) || name.startsWith("/")) return { refused: "traversal" };
  return SEGMENTS.test(name) && name.length <= LONGEST ? { name } : { refused: "not-a-name" };
}
