import "reflect-metadata";
import { createPrivateKey, randomBytes, webcrypto } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import * as x509 from "@peculiar/x509";
import { writeOwnFile } from "../image/own-file.ts";
import type { Ipv4 } from "../wire/ipv4.ts";
import { ExitCode, OperatorError } from "../wire/operator-error.ts";

x509.cryptoProvider.set(webcrypto as Crypto);

const ALGORITHM = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" } as const;
const DAY_MS = 86_400_000;

/** What the HTTPS control plane needs: a certificate for this address, its key, and the CA that devices pin. */
export interface StationTls {
  readonly caPem: string;
  readonly certificatePem: string;
  readonly privateKeyPem: string;
}

/** Where a station keeps its certificate authority. */
export interface AuthorityFiles {
  readonly certificate: string;
  readonly privateKey: string;
}

/**
 * The station's own CA (made on first use, kept in the state folder, so that devices in the middle of a session still
 * trust a station that was restarted) and a fresh server certificate for `address`, good for 30 days.
 */
export async function stationTls(files: AuthorityFiles, address: Ipv4, now: number): Promise<StationTls> {
  const authority = existsSync(files.certificate) ? await readAuthority(files) : await makeAuthority(files, now);
  const keys = await webcrypto.subtle.generateKey(ALGORITHM, true, ["sign", "verify"]);
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: serialNumber(),
    subject: `CN=breakglass station ${address}`,
    issuer: authority.certificate.subject,
    notBefore: new Date(now - DAY_MS),
    notAfter: new Date(now + 30 * DAY_MS),
    publicKey: keys.publicKey,
    signingKey: authority.privateKey,
    signingAlgorithm: ALGORITHM,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
      new x509.SubjectAlternativeNameExtension([{ type: "ip", value: address }]),
      await x509.AuthorityKeyIdentifierExtension.create(authority.certificate.publicKey),
    ],
  });
  return {
    caPem: `${authority.certificate.toString("pem")}\n`,
    certificatePem: certificate.toString("pem"),
    privateKeyPem: await exportPem(keys.privateKey),
  };
}

interface Authority {
  readonly certificate: x509.X509Certificate;
  readonly privateKey: CryptoKey;
}

async function makeAuthority(files: AuthorityFiles, now: number): Promise<Authority> {
  const keys = await webcrypto.subtle.generateKey(ALGORITHM, true, ["sign", "verify"]);
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: serialNumber(),
    name: "CN=breakglass station CA",
    notBefore: new Date(now - DAY_MS),
    notAfter: new Date(now + 3650 * DAY_MS),
    keys,
    signingAlgorithm: ALGORITHM,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  // The key first: a certificate without its key would be taken for a finished authority at the next start.
  writeOwnFile(files.privateKey, await exportPem(keys.privateKey), 0o600);
  writeOwnFile(files.certificate, `${certificate.toString("pem")}\n`, 0o600);
  return { certificate, privateKey: keys.privateKey };
}

async function readAuthority(files: AuthorityFiles): Promise<Authority> {
  try {
    const certificate = new x509.X509Certificate(readFileSync(files.certificate, "utf8"));
    const pkcs8 = createPrivateKey(readFileSync(files.privateKey, "utf8")).export({ type: "pkcs8", format: "der" });
    const privateKey = await webcrypto.subtle.importKey("pkcs8", pkcs8, ALGORITHM, false, ["sign"]);
    return { certificate, privateKey };
  } catch (error) {
    throw new OperatorError(
      `the station's certificate authority cannot be read (${files.certificate}): ${(error as Error).message}`,
      "move both station-ca files aside and start again; devices that are in mid-rescue have to network-boot again",
      ExitCode.environment,
    );
  }
}

async function exportPem(key: CryptoKey): Promise<string> {
  const der = Buffer.from(await webcrypto.subtle.exportKey("pkcs8", key));
  return createPrivateKey({ key: der, format: "der", type: "pkcs8" }).export({
    type: "pkcs8",
    format: "pem",
  }) as string;
}

/** 16 random bytes, positive (RFC 5280 section 4.1.2.2). */
function serialNumber(): string {
  const bytes = randomBytes(16);
  bytes[0] = bytes[0]! & 0x7f;
  return bytes.toString("hex");
}
