import { readFileSync } from "node:fs";
import { join } from "node:path";
import { createServer, type Server, type TLSSocket } from "node:tls";
import { BerReader, BerWriter } from "ldapts";
import { type Guid, guidToBytes } from "../../src/wire/guid.ts";

/** What a directory answers to one page of a search: entries and whether more follow, an LDAP error, or nothing more. */
export type PageAnswer =
  | { readonly objects: readonly { readonly protectorId: Guid; readonly password: string }[]; readonly more: boolean }
  | { readonly result: number }
  | "cut";

const BIND = 0x60;
const UNBIND = 0x42;
const SEARCH = 0x63;
const PAGED_RESULTS = "1.2.840.113556.1.4.319";

/**
 * A directory that says what it is told to, over TLS: what no real one does when it is asked to. The certificate is
 * `dc.pem` in `folder`. `binds` are the results of logins, in order; then all succeed.
 */
export class ScriptedDirectory {
  readonly #server: Server;
  readonly #pages: PageAnswer[];
  readonly #binds: number[];
  logins = 0;

  private constructor(folder: string, pages: readonly PageAnswer[], binds: readonly number[]) {
    const file = (name: string) => readFileSync(join(folder, name));
    this.#pages = [...pages];
    this.#binds = [...binds];
    this.#server = createServer({ key: file("dc.key"), cert: file("dc.pem") }, (socket) => this.#serve(socket));
  }

  static async start(folder: string, pages: readonly PageAnswer[], binds: readonly number[] = []) {
    const directory = new ScriptedDirectory(folder, pages, binds);
    await new Promise<void>((resolve) => directory.#server.listen(0, "127.0.0.1", resolve));
    return directory;
  }

  get url(): string {
    return `ldaps://localhost:${(this.#server.address() as { port: number }).port}`;
  }

  stop(): Promise<void> {
    return new Promise((resolve) => this.#server.close(() => resolve()));
  }

  #serve(socket: TLSSocket): void {
    let rest = Buffer.alloc(0);
    socket.on("error", () => {});
    socket.on("data", (bytes: Buffer) => {
      rest = Buffer.concat([rest, bytes]);
      for (;;) {
        const reader = new BerReader(rest);
        if (reader.readSequence() === null || reader.remain < reader.length) return;
        rest = rest.subarray(reader.offset + reader.length);
        this.#answer(socket, reader);
      }
    });
  }

  #answer(socket: TLSSocket, reader: BerReader): void {
    const id = reader.readInt()!;
    const operation = reader.readSequence()!;
    if (operation === UNBIND) return void socket.end();
    if (operation === BIND) {
      this.logins += 1;
      return void socket.write(message(id, (writer) => result(writer, 0x61, this.#binds.shift() ?? 0)));
    }
    if (operation !== SEARCH) return void socket.destroy();
    const base = reader.readString()!;
    const scope = reader.readEnumeration()!;
    if (scope === 0) return void socket.write(Buffer.concat([root(id, base), done(id, 0)]));
    const page = this.#pages.shift() ?? { objects: [], more: false };
    if (page === "cut") return void socket.destroy();
    if ("result" in page) return void socket.write(done(id, page.result));
    const entries = page.objects.map((each) => recoveryObject(id, each.protectorId, each.password));
    socket.write(Buffer.concat([...entries, done(id, 0, page.more ? "go on" : "")]));
  }
}

function message(id: number, body: (writer: BerWriter) => void): Buffer {
  const writer = new BerWriter();
  writer.startSequence();
  writer.writeInt(id);
  body(writer);
  writer.endSequence();
  return writer.buffer;
}

function result(writer: BerWriter, tag: number, code: number): void {
  writer.startSequence(tag);
  writer.writeEnumeration(code);
  writer.writeString("");
  writer.writeString("");
  writer.endSequence();
}

function entry(id: number, dn: string, attributes: Readonly<Record<string, string | Buffer>>): Buffer {
  return message(id, (writer) => {
    writer.startSequence(0x64);
    writer.writeString(dn);
    writer.startSequence();
    for (const [name, value] of Object.entries(attributes)) {
      writer.startSequence();
      writer.writeString(name);
      writer.startSequence(0x31);
      writer.writeBuffer(Buffer.from(value), 0x04);
      writer.endSequence();
      writer.endSequence();
    }
    writer.endSequence();
    writer.endSequence();
  });
}

function root(id: number, base: string): Buffer {
  const now = `${new Date().toISOString().slice(0, 19).replace(/[-:T]/g, "")}.0Z`;
  return entry(id, base, { defaultNamingContext: "DC=corp,DC=example", currentTime: now });
}

function recoveryObject(id: number, protectorId: Guid, password: string): Buffer {
  return entry(id, `CN=2024-05-14T09:21:33-00:00{${protectorId}},CN=PC-1,DC=corp,DC=example`, {
    "msFVE-RecoveryGuid": Buffer.from(guidToBytes(protectorId)),
    "msFVE-RecoveryPassword": password,
    whenCreated: "20240514092133.0Z",
  });
}

/** The search's end; with a cookie (RFC 2696) where one is given. */
function done(id: number, code: number, cookie: string | null = null): Buffer {
  return message(id, (writer) => {
    result(writer, 0x65, code);
    if (cookie === null) return;
    const value = new BerWriter();
    value.startSequence();
    value.writeInt(0);
    value.writeString(cookie);
    value.endSequence();
    writer.startSequence(0xa0);
    writer.startSequence();
    writer.writeString(PAGED_RESULTS);
    writer.writeBuffer(value.buffer, 0x04);
    writer.endSequence();
    writer.endSequence();
  });
}
