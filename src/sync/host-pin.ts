import { createHash } from "node:crypto";
import { OperatorError } from "../wire/operator-error.ts";
import { SyncFailure } from "./sync-failure.ts";

/** An SSH server's host key, as OpenSSH prints it: `SHA256:` and 43 characters of base64. */
export type HostKey = string & { readonly __hostKey: true };

/** The key of an SSH wire format blob: a string with the type first (RFC 4253 section 6.6). */
export function hostKeyOf(blob: Uint8Array): { readonly key: HostKey; readonly type: string } {
  const bytes = Buffer.from(blob);
  const length = bytes.length < 4 ? 0 : bytes.readUInt32BE();
  const hash = createHash("sha256").update(bytes).digest("base64").replace(/=+$/, "");
  return { key: `SHA256:${hash}` as HostKey, type: bytes.subarray(4, 4 + Math.min(length, 64)).toString("latin1") };
}

/** Reads `--host-key`. */
export function parseHostKey(text: string): HostKey {
  const found = /^(?:SHA256:)?([A-Za-z0-9+/]{43})=?$/.exec(text.trim())?.[1];
  if (found !== undefined) return `SHA256:${found}` as HostKey;
  throw new OperatorError(
    "--host-key takes SHA256: and 43 characters. Nothing was asked.",
    "On the server: ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub prints it.",
  );
}

/** The host keys that were trusted at first use: a line each, `SERVER:PORT SHA256:...`. Other lines are remarks. */
export type HostPins = ReadonlyMap<string, HostKey>;

export function parseHostPins(text: string): HostPins {
  const lines = text.split("\n").map((line) => /^(\S+) (SHA256:[A-Za-z0-9+/]{43})$/.exec(line.trim()));
  return new Map(lines.flatMap((line) => (line === null ? [] : [[line[1]!, line[2] as HostKey]])));
}

export function formatHostPin(server: string, key: HostKey): string {
  return `${server} ${key}\n`;
}

/** By what a server is known: the operator's own words go before what was stored at first use. */
export interface HostTrust {
  readonly given: readonly HostKey[];
  readonly stored: HostKey | null;
  /** Take an unknown key this once, and remember it. */
  readonly trustFirst: boolean;
}

/** Null if the key is trusted, else why it is not. `first` is called for an unknown key that is taken. */
export function judgeHostKey(
  server: string,
  seen: { readonly key: HostKey; readonly type: string },
  { given, stored, trustFirst }: HostTrust,
): "known" | "first" | SyncFailure {
  const known = given.length > 0 ? given : stored === null ? [] : [stored];
  if (known.includes(seen.key)) return "known";
  if (known.length > 0)
    return new SyncFailure(
      "host-key-changed",
      `THE HOST KEY OF ${server} IS NOT THE ONE THAT IS TRUSTED. It shows ${seen.key} (${seen.type}); trusted is ${known.join(" or ")}. Another machine may intercept the connection, or the server was installed again. Nothing was sent to it.`,
      "Ask the person who runs that server, by telephone, for its key. Only if the key really changed: --host-key with the new one.",
    );
  if (trustFirst) return "first";
  return new SyncFailure(
    "host-key-unknown",
    `The host key of ${server} is not known: ${seen.key} (${seen.type}). Nothing was sent to it.`,
    `On the server, ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub prints its own. If they are the same: --host-key ${seen.key}`,
  );
}
