const WORDS: Readonly<Record<string, string>> = {
  ECONNREFUSED: "nothing listens on that port",
  ENOTFOUND: "there is no such name in DNS",
  EAI_AGAIN: "DNS does not answer",
  EHOSTUNREACH: "there is no way to it",
  ENETUNREACH: "this machine has no network that leads there",
  ECONNRESET: "it closed the connection",
  EPIPE: "it closed the connection",
  closed: "it closed the connection",
  ETIMEDOUT: "it does not answer",
};

/** A socket's error code in words. `closed` is a connection that ended without one. */
export function networkCause(code: string): string {
  if (/^(EPROTO|ERR_SSL_|ERR_TLS_)/.test(code)) return `what listens there does not speak TLS that we take (${code})`;
  return WORDS[code] ?? code;
}
