import { X509Certificate } from "node:crypto";
import { OperatorError } from "../wire/operator-error.ts";

/** By what a domain controller's certificate is known: who signed it, or that it is this very one. */
export type CertificateTrust =
  | { readonly kind: "ca"; readonly pem: string }
  | { readonly kind: "fingerprint"; readonly sha256: readonly string[] }
  | { readonly kind: "none" };

/** What TLS found at the other end. */
interface SeenCertificate {
  /** SHA-256 of the certificate: 64 hex digits in upper case. */
  readonly sha256: string;
  readonly subject: string;
  /** OpenSSL's or Node's reason word against it, from the chain to `ca` and the server's name; null if all is well. */
  readonly against: string | null;
}

/** Why the certificate is not trusted, as a sentence's end for people; null if it is. */
export function distrust(trust: CertificateTrust, seen: SeenCertificate): string | null {
  if (trust.kind === "none") return "neither --ca nor --fingerprint says by what to know it";
  if (trust.kind === "fingerprint")
    return trust.sha256.includes(seen.sha256) ? null : "it is not the one that --fingerprint names";
  if (seen.against === null) return null;
  return WORDS[seen.against] ?? (/ISSUER|SELF_SIGNED|VERIFY_LEAF/.test(seen.against) ? UNKNOWN_ISSUER : seen.against);
}

const UNKNOWN_ISSUER = "no certificate in --ca has signed it";
const WORDS: Readonly<Record<string, string>> = {
  CERT_HAS_EXPIRED: "it, or the CA's, has expired (or this machine's clock is wrong)",
  CERT_NOT_YET_VALID: "it, or the CA's, is not valid yet (or this machine's clock is wrong)",
  ERR_TLS_CERT_ALTNAME_INVALID: "it is for another name than the one in --url",
  CERT_SIGNATURE_FAILURE: "its signature is not the CA's",
};

/** SHA-256 of a certificate, with or without colons, in either case, with or without `SHA256:` before it. */
export function parseFingerprint(text: string): string {
  const digits = text
    .trim()
    .replace(/^sha-?256(?: fingerprint)?[:=\s]*/i, "")
    .replace(/[:\s]/g, "")
    .toUpperCase();
  if (/^[0-9A-F]{64}$/.test(digits)) return digits;
  throw new OperatorError(
    `--fingerprint takes a certificate's SHA-256, 64 hex digits${/^[0-9A-F]{40}$/.test(digits) ? "; this is a SHA-1" : ""}. Nothing was asked.`,
    "It is what `openssl x509 -in CERTIFICATE -noout -fingerprint -sha256` prints.",
  );
}

/** 64 hex digits in pairs, as certificate viewers show them. */
export function formatFingerprint(sha256: string): string {
  return (sha256.match(/../g) ?? []).join(":");
}

/** One or more CA certificates as PEM. Windows' export wizard writes DER unless told otherwise; both are taken. */
export function caFromFile(bytes: Uint8Array, file: string): string {
  const text = Buffer.from(bytes).toString("latin1");
  const all = text.match(/-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g);
  try {
    if (all === null) return new X509Certificate(bytes).toString();
    return all.map((each) => new X509Certificate(each).toString()).join("");
  } catch {
    throw new OperatorError(
      `${file} holds no certificate. Nothing was asked.`,
      "--ca takes the certificate of the CA that signed the domain controller's, PEM or DER (.cer, .crt, .pem).",
    );
  }
}
