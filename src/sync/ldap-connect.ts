import { connect as connectTcp, isIP, type Socket } from "node:net";
import { checkServerIdentity, connect as connectTls, type TLSSocket } from "node:tls";
import { type CertificateTrust, distrust, formatFingerprint } from "./certificate-trust.ts";
import type { LdapServer } from "./ldap-server.ts";
import { networkCause } from "./network-cause.ts";
import { SyncFailure } from "./sync-failure.ts";

/**
 * A TLS connection to a domain controller whose certificate is known. What is not is closed here, with nothing of ours
 * said on it: no caller ever holds an unverified connection. Throws SyncFailure.
 */
export async function connectVerified(
  server: LdapServer,
  trust: CertificateTrust,
  timeout: number,
): Promise<TLSSocket> {
  const plain = connectTcp(server.port, server.host);
  try {
    await event(plain, "connect", server, timeout);
    if (server.startTls) await askForTls(plain, server, timeout);
    const socket = connectTls({
      socket: plain,
      minVersion: "TLSv1.2",
      ...(isIP(server.host) === 0 && { servername: server.host }),
      ca: trust.kind === "ca" ? trust.pem : [],
      // Looked at below, where the certificate can be shown to the operator as well.
      rejectUnauthorized: false,
      checkServerIdentity: (_name, certificate) => checkServerIdentity(server.host, certificate),
    });
    await event(socket, "secureConnect", server, timeout);
    requireTrust(socket, server, trust);
    return socket;
  } catch (error) {
    plain.on("error", () => {}).destroy();
    throw error;
  }
}

function requireTrust(socket: TLSSocket, server: LdapServer, trust: CertificateTrust): void {
  const certificate = socket.getPeerCertificate();
  const sha256 = (certificate.fingerprint256 ?? "").replaceAll(":", "");
  const error: unknown = socket.authorizationError;
  const against = socket.authorized ? null : String((error as Error | undefined)?.message ?? error);
  const subject = [certificate.subject?.CN ?? "no name"].flat().join(", ");
  const why = distrust(trust, { sha256, subject, against });
  if (why === null) return;
  socket.on("error", () => {}).destroy();
  throw new SyncFailure(
    "certificate-not-trusted",
    `The certificate of ${server.url} (${subject}) is not trusted: ${why}. Its SHA-256 is ${formatFingerprint(sha256)}. No password was sent.`,
    "Compare that fingerprint with the one on the domain controller itself. If they are the same: --fingerprint FINGERPRINT, or better --ca with the certificate of the CA that signed it.",
  );
}

// RFC 4511 section 4.14.1: ExtendedRequest, message 1, with the object identifier of StartTLS.
const START_TLS = Buffer.concat([
  Buffer.from("301d02010177188016", "hex"),
  Buffer.from("1.3.6.1.4.1.1466.20037", "latin1"),
]);

/** Asks for TLS on a plain connection. What came beside the answer could be anybody's, so it ends the connection. */
async function askForTls(socket: Socket, server: LdapServer, timeout: number): Promise<void> {
  const { BerReader } = await import("ldapts");
  socket.write(START_TLS);
  let answer = Buffer.alloc(0);
  const whole = () => answer.length > 1 && answer.length >= 2 + answer[1]!;
  while (!whole()) {
    answer = Buffer.concat([answer, (await event(socket, "data", server, timeout)) as Uint8Array]);
    socket.pause();
    // A short answer has its length in one byte (definite form, below 128).
    if (answer.length > 1 && answer[1]! > 127) break;
  }
  const code = resultCode(new BerReader(answer));
  if (code === 0 && answer.length === 2 + answer[1]!) return;
  throw new SyncFailure(
    "encryption-refused",
    `The domain controller ${server.url} does not start TLS${code === null ? "" : ` (LDAP result ${code})`}. No password was sent.`,
    "Use ldaps:// if it has a certificate on port 636; a domain controller without any certificate cannot be asked safely.",
  );
}

function resultCode(reader: import("ldapts").BerReader): number | null {
  try {
    reader.readSequence();
    reader.readInt();
    reader.readSequence(0x78);
    return reader.readEnumeration();
  } catch {
    return null;
  }
}

/** The next such event's value. Rejects with SyncFailure if the connection fails first, or after a while. */
function event(socket: Socket, name: string, server: LdapServer, timeout: number): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const failed = (error?: NodeJS.ErrnoException) => settle(() => reject(unusable(server, error?.code ?? "closed")));
    const closed = () => failed();
    const came = (value: unknown) => settle(() => resolve(value));
    const timer = setTimeout(() => settle(() => reject(unusable(server, "ETIMEDOUT"))), timeout);
    const settle = (done: () => void) => {
      clearTimeout(timer);
      socket.off("error", failed).off("close", closed).off(name, came);
      done();
    };
    socket.once("error", failed).once("close", closed).once(name, came);
  });
}

function unusable(server: LdapServer, code: string): SyncFailure {
  return new SyncFailure(
    code === "ETIMEDOUT" ? "timed-out" : "unreachable",
    `The server ${server.url} cannot be reached: ${networkCause(code)}.`,
    "Check name, port and cable. A second --url is tried when the first one fails.",
  );
}
