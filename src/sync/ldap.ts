import type { BerWriter, Client, Entry, SearchOptions } from "ldapts";
import { parseDirectoryTime } from "../escrow/exports/directory-time.ts";
import type { ExportRow } from "../escrow/exports/export-row.ts";
import type { Secret } from "../wire/secret.ts";
import { RECOVERY_ATTRIBUTES, recordRow } from "./ad-record.ts";
import type { CertificateTrust } from "./certificate-trust.ts";
import { connectVerified } from "./ldap-connect.ts";
import { ldapFailure, lost } from "./ldap-error.ts";
import type { LdapServer } from "./ldap-server.ts";
import { SyncFailure } from "./sync-failure.ts";

interface DirectoryLogin {
  /** `name@corp.example`, `CORP\name`, or a distinguished name. */
  readonly user: string;
  readonly password: Secret<string>;
}

interface DirectoryOptions {
  readonly login: DirectoryLogin;
  readonly trust: CertificateTrust;
  /** Milliseconds for connecting, and for each answer after that. */
  readonly connectTimeout: number;
  readonly answerTimeout: number;
  /** The subtree to read; the domain's root (`defaultNamingContext`) if null. */
  readonly base: string | null;
}

/** The most that this account can see of recovery passwords. */
type Sight = "passwords" | "objects" | "computers" | "nothing";

/** A domain controller's page limit is 1,000 by default (MaxPageSize). */
const PAGE_SIZE = 500;
/** It may send pages without an entry (RFC 2696) while it looks; one that sends only such has lost its way. */
const MOST_EMPTY_PAGES = 1000;
const OBJECTS = "(objectClass=msFVE-RecoveryInformation)";

/** Connects, checks the certificate, logs in, and finds the base. Throws SyncFailure. */
export async function openDirectory(server: LdapServer, options: DirectoryOptions): Promise<Directory> {
  const { Client } = await import("ldapts");
  const socket = await connectVerified(server, options.trust, options.connectTimeout);
  let used = false;
  const client = new Client({
    url: `ldap://${server.url.replace(/^ldaps?:\/\//, "")}`,
    timeout: options.answerTimeout,
    // The library would connect anew by itself, with nobody logged in on it. One verified connection is all it gets.
    createConnection: () => {
      if (used) throw lost(server);
      used = true;
      return socket;
    },
  });
  try {
    const { user, password } = options.login;
    await client.bind(user, password.reveal()).catch((error) => {
      throw ldapFailure(error, server, "bind");
    });
    return await Directory.open(client, server, options.base);
  } catch (error) {
    socket.destroy();
    throw error;
  }
}

/** A domain controller that has let us in. */
export class Directory {
  readonly server: LdapServer;
  readonly base: string;
  /** The domain controller's own clock when we came, milliseconds since 1970 UTC; null if it does not tell. */
  readonly now: number | null;
  readonly #client: Client;

  private constructor(client: Client, server: LdapServer, base: string, now: number | null) {
    this.#client = client;
    this.server = server;
    this.base = base;
    this.now = now;
  }

  /** For openDirectory. */
  static async open(client: Client, server: LdapServer, base: string | null): Promise<Directory> {
    const options = { scope: "base", attributes: ["defaultNamingContext", "currentTime"] } as const;
    const { searchEntries } = await search(client, server, "", { ...options, attributes: [...options.attributes] });
    const root = searchEntries[0] ?? { dn: "" };
    const found = base ?? textOf(root, "defaultNamingContext");
    if (found === null)
      throw new SyncFailure(
        "no-base",
        `The server ${server.url} does not name its domain.`,
        "Name the subtree to read with --base.",
      );
    const directory = new Directory(client, server, found, parseDirectoryTime(textOf(root, "currentTime") ?? ""));
    // A base that is not there should be said before anything else is.
    await search(client, server, found, { scope: "base", attributes: ["1.1"] });
    return directory;
  }

  /**
   * Every recovery object below the base that changed at or after `since` (milliseconds, the domain controller's own
   * clock; null for all), page by page as they are taken. Ends with SyncFailure if the connection does.
   */
  async *rows(since: number | null): AsyncGenerator<ExportRow> {
    const filter = since === null ? OBJECTS : `(&${OBJECTS}(whenChanged>=${generalizedTime(since)}))`;
    let cookie: Buffer = Buffer.alloc(0);
    let line = 0;
    let empty = 0;
    do {
      const page = await this.#page(filter, cookie);
      cookie = page.cookie;
      empty = page.entries.length === 0 ? empty + 1 : 0;
      if (empty > MOST_EMPTY_PAGES) throw lost(this.server);
      for (const entry of page.entries) {
        line += 1;
        yield { line, row: recordRow(recoveryObject(entry)) };
      }
    } while (cookie.length > 0);
  }

  /** For when nothing came: is there nothing new, or nothing that this account may see? */
  async sight(): Promise<Sight> {
    if (await this.#any(`(&${OBJECTS}(msFVE-RecoveryPassword=*))`)) return "passwords";
    if (await this.#any(OBJECTS)) return "objects";
    return (await this.#any("(objectClass=computer)")) ? "computers" : "nothing";
  }

  async close(): Promise<void> {
    await this.#client.unbind().catch(() => {});
  }

  async #any(filter: string): Promise<boolean> {
    const options: SearchOptions = { scope: "sub", filter, attributes: ["1.1"], sizeLimit: 1 };
    return (await search(this.#client, this.server, this.base, options)).searchEntries.length > 0;
  }

  // The library's own paging takes a page without entries for the last one. RFC 2696 says that only an empty cookie is,
  // and a domain controller that has spent its time on a page sends what it has so far, be it nothing.
  async #page(
    filter: string,
    cookie: Buffer,
  ): Promise<{ readonly entries: readonly Entry[]; readonly cookie: Buffer }> {
    const { Control, PagedResultsControl, SearchResponse } = await import("ldapts");
    const asked = new PagedResultsControl({ value: { size: PAGE_SIZE, cookie } });
    class PageRequest extends Control {
      protected override writeControl(writer: BerWriter): void {
        asked.writeControl(writer);
      }
    }
    let next: Buffer = Buffer.alloc(0);
    const parser = Reflect.get(this.#client, "messageParser") as import("ldapts").MessageParser;
    const look = (message: unknown) => {
      if (!(message instanceof SearchResponse)) return;
      const answer = message.controls?.find((each) => each instanceof PagedResultsControl);
      next = (answer as typeof asked | undefined)?.value?.cookie ?? next;
    };
    parser.on("message", look);
    try {
      const control = new PageRequest(PagedResultsControl.type, { critical: true });
      const options: SearchOptions = {
        scope: "sub",
        filter,
        attributes: [...RECOVERY_ATTRIBUTES],
        explicitBufferAttributes: ["msFVE-RecoveryGuid"],
      };
      const { searchEntries } = await search(this.#client, this.server, this.base, options, control);
      return { entries: searchEntries, cookie: next };
    } finally {
      parser.off("message", look);
    }
  }
}

/** One search. References to other domains' servers are left alone: those have a sync of their own. */
async function search(client: Client, server: LdapServer, base: string, options: SearchOptions, control?: object) {
  if (!client.isBound) throw lost(server);
  try {
    return await client.search(base, options, control as import("ldapts").Control | undefined);
  } catch (error) {
    throw ldapFailure(error, server, "search");
  }
}

function recoveryObject(entry: Entry) {
  const guid = entry["msFVE-RecoveryGuid"];
  return {
    dn: entry.dn,
    password: textOf(entry, "msFVE-RecoveryPassword"),
    guid: Buffer.isBuffer(guid) ? guid : null,
    whenCreated: textOf(entry, "whenCreated"),
  };
}

/** The first value of an attribute; null if there is none. */
function textOf(entry: Entry, attribute: string): string | null {
  const value = [entry[attribute] ?? []].flat()[0];
  return value === undefined ? null : String(value);
}

/** As LDAP writes a time (RFC 4517 section 3.3.13), in whole seconds: Active Directory compares no finer. */
function generalizedTime(milliseconds: number): string {
  const digits = new Date(milliseconds).toISOString().slice(0, 19).replace(/[-:T]/g, "");
  return `${digits}.0Z`;
}
