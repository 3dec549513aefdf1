/** A name that may be looked up, or why it may not. */
type BootFileName = { readonly name: string } | { readonly refused: "traversal" | "not-a-name" };

const LONGEST = 255;
// Way out of a namespace: a parent or empty segment, a network share (two backslashes), a DOS path or drive, NUL and other
// control characters, percent or overlong encodings of any of these.
const TRAVERSAL = /(^|\/)\.{1,2}(\/|$)|\/\/|[:%]|[\x00-\x1f\x7f-\xff]/;
const SEGMENTS = /^[A-Za-z0-9_+.-]+(\/[A-Za-z0-9_+.-]+)*$/;

/**
 * The name asked for, as a manifest may spell it: backslashes are slashes (Windows' boot manager asks for `\Boot\BCD`,
 * WDS' loaders even for `/boot\…`) and leading slashes are dropped (GRUB sends one, or two where its prefix ends
 * with one); nothing else is mapped, decoded or normalised. What cannot be such a name never reaches a lookup.
 */
export function bootFileName(asked: string): BootFileName {
  // ROMs that read option 67 up to a NUL take the options' end (255) for a part of the name.
  const slashed = asked
    .replace(/\xff+$/, "")
    .replace(/^\/+/, "/")
    .replaceAll("\\", "/");
  const name = slashed.startsWith("/") ? slashed.slice(1) : slashed;
  if (TRAVERSAL.test(name) || name.startsWith("/")) return { refused: "traversal" };
  return SEGMENTS.test(name) && name.length <= LONGEST ? { name } : { refused: "not-a-name" };
}

/**
 * The one of the served names that is meant: the name itself, else the only one that differs in nothing but ASCII case
 * (Windows' boot manager spells the same file in several cases), else null.
 */
export function servedName(name: string, served: Iterable<string>): string | null {
  const folded = name.toLowerCase();
  const alike = new Set<string>();
  for (const each of served) {
    if (each === name) return each;
    if (each.toLowerCase() === folded) alike.add(each);
  }
  return alike.size === 1 ? [...alike][0]! : null;
}
