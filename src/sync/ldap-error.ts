import type { LdapServer } from "./ldap-server.ts";
import { SyncFailure, type SyncReason } from "./sync-failure.ts";

// The sub-codes Active Directory puts into a refused bind's text: "... AcceptSecurityContext error, data 52e, v4563".
const LOGIN: Readonly<Record<string, string>> = {
  "525": "there is no such account",
  "52e": "the account's name or password is wrong",
  "530": "the account may not log on at this time",
  "531": "the account may not log on from this machine",
  "532": "the account's password has expired",
  "533": "the account is disabled",
  "701": "the account has expired",
  "773": "the account has to change its password first",
  "775": "the account is locked out",
};

const RESULTS: Readonly<Record<number, readonly [SyncReason, what: string, next: string]>> = {
  10: [
    "no-base",
    "keeps another domain than the one --base names",
    "Name a domain controller of that domain with --url, or leave --base out.",
  ],
  32: [
    "no-base",
    "has no object with the name that --base gives, or does not show it to this account",
    "Correct --base, or leave it out: then the whole domain is read.",
  ],
  34: [
    "no-base",
    "does not take what --base gives as a distinguished name",
    "It reads like OU=Desktops,DC=corp,DC=example.",
  ],
  50: ["no-permission", "does not let this account read there", "docs/sync.md shows what to delegate."],
  51: ["busy", "is busy", "Try again later; a second --url is tried when the first one fails."],
  52: ["busy", "is not ready", "Try again later; a second --url is tried when the first one fails."],
};

/** What an error of the LDAP library means for the operator. `said` is what was being asked. */
export function ldapFailure(error: unknown, server: LdapServer, said: "bind" | "search"): unknown {
  if (!(error instanceof Error) || error instanceof SyncFailure) return error;
  const { code, message } = error as { code?: unknown; message: string };
  if (typeof code !== "number") return /timed? ?out/i.test(message) ? timedOut(server) : lost(server);
  if (said === "bind" && code !== 51 && code !== 52) return loginRefused(server, code, message);
  const known = RESULTS[code];
  if (known !== undefined)
    return new SyncFailure(known[0], `The domain controller ${server.url} ${known[1]}.`, known[2]);
  return new SyncFailure(
    "directory-refused",
    `The domain controller ${server.url} ended the search with LDAP result ${code}.`,
    "Its event log (Directory Service) says more. Read a smaller part with --base OU=..., or ask another domain controller.",
  );
}

function loginRefused(server: LdapServer, code: number, message: string): SyncFailure {
  const data = /\bdata ([0-9a-f]{3})\b/i.exec(message)?.[1]?.toLowerCase() ?? "";
  const why = LOGIN[data] ?? (code === 49 ? LOGIN["52e"]! : `LDAP result ${code}`);
  return new SyncFailure(
    "login-refused",
    `The domain controller ${server.url} refuses the login: ${why}. It was tried once, and not again: a few wrong tries lock an account.`,
    "Check --user (NAME@corp.example, CORP\\NAME or a distinguished name) and the password, then run it again.",
  );
}

function timedOut(server: LdapServer): SyncFailure {
  return new SyncFailure(
    "timed-out",
    `The domain controller ${server.url} stopped answering.`,
    "Try again later; a second --url is tried when the first one fails.",
  );
}

export function lost(server: LdapServer): SyncFailure {
  return new SyncFailure(
    "connection-lost",
    `The connection to ${server.url} broke off.`,
    "Try again: what is in the vault already is recognised.",
  );
}
