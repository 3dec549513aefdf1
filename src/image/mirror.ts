import { ExitCode, OperatorError } from "../wire/operator-error.ts";

/** Where Debian's packages are had. `security` is null if this machine names no security archive. */
export interface Mirror {
  readonly main: string;
  readonly security: string | null;
}

/** The text of one file of apt's sources. `name` decides its style: `.sources` is deb822, all else one-line. */
export interface SourceText {
  readonly name: string;
  readonly text: string;
}

/** What --mirror may be: what apt itself accepts and cannot be taken for an option or a second line. */
const ADDRESS = /^(https?|ftp|file|copy|mirror\+https?|mirror\+file|cdrom):\S+$/;

/**
 * The Debian mirror that a machine's own apt uses: the first address that serves the distribution called `debian` (its
 * path ends so, by the archive's convention), and the one that serves `debian-security`.
 * @throws OperatorError if there is none and none was passed.
 */
export function findMirror(sources: readonly SourceText[], passed: string | null): Mirror {
  const addresses = sources.flatMap(sourceAddresses);
  const serving = (distribution: string) =>
    addresses.find((address) => new RegExp(`/${distribution}(\\.list)?/*$`).test(address)) ?? null;
  if (passed !== null && !ADDRESS.test(passed)) {
    throw new OperatorError(`"${passed}" is not the address of a Debian mirror.`, "Write it like http://HOST/debian.");
  }
  const main = passed ?? serving("debian");
  if (main === null) {
    throw new OperatorError(
      "apt on this machine knows no Debian mirror, and the recovery image is made of Debian's signed packages. Nothing was built.",
      "Name one: --mirror http://HOST/debian, or $BREAKGLASS_MIRROR (any Debian mirror, or your own copy of one).",
      ExitCode.environment,
    );
  }
  return { main, security: serving("debian-security") };
}

/** The addresses of one sources file that give binary packages, in their order (sources.list(5)). */
function sourceAddresses({ name, text }: SourceText): string[] {
  return name.endsWith(".sources") ? deb822Addresses(text) : oneLineAddresses(text);
}

function oneLineAddresses(text: string): string[] {
  const lines = text.split("\n").map((line) => line.replace(/#.*/, "").trim());
  return lines.flatMap((line) => {
    const match = /^deb\s+(?:\[[^\]]*\]\s*)?(\S+)\s+\S+/.exec(line);
    return match === null ? [] : [match[1]!];
  });
}

function deb822Addresses(text: string): string[] {
  const withoutComments = text
    .split("\n")
    .filter((line) => !line.startsWith("#"))
    .join("\n");
  return withoutComments.split(/\n[ \t]*\n/).flatMap((stanza) => {
    const fields = new Map<string, string>();
    for (const [, key, value] of stanza.matchAll(/^([A-Za-z0-9-]+):((?:.*)(?:\n[ \t].*)*)/gm))
      fields.set(key!.toLowerCase(), value!.trim());
    const isOff = /^(no|false|off|without|0|disable)$/i.test(fields.get("enabled") ?? "");
    const isBinary = (fields.get("types") ?? "").split(/\s+/).includes("deb");
    return isOff || !isBinary ? [] : (fields.get("uris") ?? "").split(/\s+/).filter(Boolean);
  });
}
