import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

/**
 * Gives back what is not used any more. Opening a vault fills a quarter of a gigabyte once (scrypt, RFC 7914), with what
 * the passphrase was stretched to; nothing would make V8 collect that for hours.
 */
export function forgetUnused(): void {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  setFlagsFromString("--no-expose-gc");
  collect();
}
