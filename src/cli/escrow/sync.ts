import { readFileSync } from "node:fs";
import type { Command } from "commander";
import type { ExportRow } from "../../escrow/exports/export-row.ts";
import { changesSince } from "../../escrow/freshness.ts";
import { type CertificateTrust, caFromFile, parseFingerprint } from "../../sync/certificate-trust.ts";
import { type Directory, openDirectory } from "../../sync/ldap.ts";
import { parseLdapUrl } from "../../sync/ldap-server.ts";
import type { OpenSource } from "../../sync/live-source.ts";
import { SyncFailure } from "../../sync/sync-failure.ts";
import { OperatorError } from "../../wire/operator-error.ts";
import { fileCause } from "../read-file.ts";
import { readSecret } from "../secret-input.ts";

import { withStateOption } from "../state-option.ts";
import { collect, patiently, runSync, SYNC_EXIT_CODES, type SyncOptions } from "./sync-run.ts";

interface LdapOptions extends SyncOptions {
  readonly url: readonly string[];
  readonly user?: string;
  readonly passwordFd?: string;
  readonly passwordFile?: string;
  readonly ca?: string;
  readonly fingerprint: readonly string[];
  readonly starttls?: boolean;
  readonly base?: string;
  readonly source?: string;
  readonly full?: boolean;
  readonly retries: string;
}

const CONNECT_TIMEOUT = 10_000;
/** A page of 500 takes a domain controller a second at most; one that has to search all of a big domain takes longer. */
const ANSWER_TIMEOUT = 120_000;

/** `breakglass escrow sync ldap|sftp`: from cron or a systemd timer, before the incident, the vault sealed. */
export function defineLdap(command: Command): void {
  withStateOption(command)
    .option("--url <URL>", "a domain controller, ldaps://NAME; again for one to try if that fails", collect, [])
    .option("--user <NAME>", "the account: NAME@corp.example, CORP\\NAME or a distinguished name")
    .option("--password-fd <N>", "read the account's password from this open descriptor")
    .option("--password-file <FILE>", "or from this file, which only its owner may read (mode 600)")
    .option("--ca <FILE>", "the certificate of the CA that signed the domain controller's")
    .option("--fingerprint <SHA256>", "or the domain controller's own certificate; again for another one", collect, [])
    .option("--starttls", "take ldap:// URLs and start TLS on them before anything is said")
    .option("--base <DN>", "read this subtree alone (default: the whole domain)")
    .option("--full", "read everything, not only what changed since the last time")
    .option("--source <NAME>", "the name of this source in status and ledger (default: from --base or --url)")
    .option("--retries <N>", "how often to ask again if no server can be reached, 0 to 9", "2")
    .option("--report <FILE>", "write what became of every row: .csv, or .jsonl for JSON lines")
    .option("--json", "for scripts")
    .addHelpText("after", SYNC_EXIT_CODES)
    .action(syncLdap);
}

async function syncLdap(options: LdapOptions): Promise<void> {
  const servers = options.url.map((url) => parseLdapUrl(url, options.starttls === true));
  if (servers.length === 0)
    throw new OperatorError(
      "No domain controller is named. Nothing was asked.",
      "Example: --url ldaps://dc1.corp.example",
    );
  if (options.user === undefined)
    throw new OperatorError("No account is named. Nothing was asked.", "Example: --user breakglass@corp.example");
  const trust = trustOf(options);
  const password = await readSecret({
    fd: options.passwordFd,
    file: options.passwordFile,
    fdOption: "--password-fd",
    fileOption: "--password-file",
    what: "the account's password",
  });
  // LDAP takes a login without a password for an anonymous one, and says that it worked.
  if (password === null)
    throw new OperatorError(
      "There is no password for the account. Nothing was asked.",
      "Give it with --password-fd 3 3<FILE, or --password-file FILE (mode 600).",
    );
  const { user, base = null, retries } = options;
  const timeouts = { connectTimeout: CONNECT_TIMEOUT, answerTimeout: ANSWER_TIMEOUT };
  const source = options.source ?? `ldap:${base ?? servers[0]!.host}`;
  await runSync(options, {
    source,
    kind: "ldap",
    open: async (freshness) => {
      const request = { login: { user, password }, trust, base, ...timeouts };
      const directory = await patiently(servers, retries, (server) => openDirectory(server, request));
      const until = directory.now ?? Date.now();
      const since = options.full ? null : changesSince(freshness, source, directory.base, until);
      return openSource(directory, since, until, user);
    },
  });
}

function openSource(directory: Directory, since: number | null, until: number, user: string): OpenSource {
  let readable = 0;
  const counted = async function* (): AsyncGenerator<ExportRow> {
    for await (const row of directory.rows(since)) {
      if (!("reason" in row.row && row.row.reason === "no-password")) readable += 1;
      yield row;
    }
  };
  return {
    rows: counted(),
    since,
    until,
    details: { base: directory.base, server: directory.server.url },
    check: async () => (readable > 0 ? null : hidden(directory, user)),
    close: () => directory.close(),
  };
}

/**
 * Active Directory hides confidential attributes, and whole objects, from accounts without a right to them, and calls that
 * success. A sync that brought nothing may be good news or a lost right: this tells them apart.
 */
async function hidden(directory: Directory, user: string): Promise<SyncFailure | null> {
  const sight = await directory.sight();
  if (sight === "passwords") return null;
  const where = `below ${directory.base} at ${directory.server.url}`;
  if (sight === "objects")
    return new SyncFailure(
      "no-permission",
      `The account ${user} sees recovery objects ${where}, but no recovery password: 0 are readable although objects exist. Active Directory hides that attribute, without an error, from everybody who was not given the right to it.`,
      "Give the account the right to read msFVE-RecoveryPassword, with control access: docs/sync.md has the commands.",
    );
  return new SyncFailure(
    "no-permission",
    `The account ${user} sees no recovery object ${where}${sight === "computers" ? ", though it sees computers there" : ", and no computer"}. Either none is kept there, or the account may not see them: Active Directory leaves them out without an error.`,
    "As an administrator, look whether a computer there has a BitLocker Recovery tab with entries. If so, docs/sync.md has the commands that give the account the right.",
  );
}

function trustOf({ ca, fingerprint }: LdapOptions): CertificateTrust {
  if (ca !== undefined && fingerprint.length > 0)
    throw new OperatorError("--ca and --fingerprint were both given. Nothing was asked.", "Give one of them.");
  if (fingerprint.length > 0) return { kind: "fingerprint", sha256: fingerprint.map(parseFingerprint) };
  if (ca === undefined) return { kind: "none" };
  try {
    return { kind: "ca", pem: caFromFile(readFileSync(ca), ca) };
  } catch (error) {
    if (error instanceof OperatorError) throw error;
    throw new OperatorError(
      `The certificate ${ca} cannot be read: ${fileCause(error)}. Nothing was asked.`,
      "Check the path, and run the command again.",
    );
  }
}
