import { OperatorError } from "../wire/operator-error.ts";

/** A domain controller as the operator named it. */
export interface LdapServer {
  /** `ldaps://dc1.corp.example:636`, for messages. */
  readonly url: string;
  readonly host: string;
  readonly port: number;
  /** Plain at first, and TLS before anything is said. */
  readonly startTls: boolean;
}

const EXAMPLE = "Example: --url ldaps://dc1.corp.example";

/** Reads one `--url`. Throws OperatorError for anything that would send a password in the clear. */
export function parseLdapUrl(text: string, startTls: boolean): LdapServer {
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    throw new OperatorError("--url is not an address of a domain controller. Nothing was asked.", EXAMPLE);
  }
  if (url.username !== "" || url.password !== "" || !/^\/?$/.test(url.pathname) || url.search !== "" || url.hash !== "")
    throw new OperatorError(
      "--url takes scheme, name and port alone. Nothing was asked.",
      `The account goes to --user, its password to --password-fd or --password-file, the subtree to --base. ${EXAMPLE}`,
    );
  if ((url.protocol !== "ldaps:" && url.protocol !== "ldap:") || url.hostname === "")
    throw new OperatorError("--url has to begin with ldaps:// and name a server. Nothing was asked.", EXAMPLE);
  const secure = url.protocol === "ldaps:";
  if (!secure && !startTls)
    throw new OperatorError(
      `${url.protocol}//${url.host} would carry the account's password and every recovery password in the clear. Nothing was asked.`,
      "Use ldaps://, or add --starttls if the domain controller has only port 389.",
    );
  return {
    url: `${url.protocol}//${url.host}`,
    host: url.hostname.replace(/^\[(.*)\]$/, "$1"),
    port: url.port === "" ? (secure ? 636 : 389) : Number(url.port),
    startTls: !secure,
  };
}
