import type { Client, ConnectConfig, SFTPWrapper, Stats } from "ssh2";
import type { Secret } from "../wire/secret.ts";
import { type HostKey, type HostTrust, hostKeyOf, judgeHostKey } from "./host-pin.ts";
import { networkCause } from "./network-cause.ts";
import { newestExport } from "./newest-export.ts";
import type { SftpServer } from "./sftp-server.ts";
import { SyncFailure } from "./sync-failure.ts";

export interface SftpLogin {
  /** A private key as its file has it, and what it is locked with; or the account's password. */
  readonly key: Secret<Buffer> | null;
  readonly keyPassphrase: Secret<string> | null;
  readonly password: Secret<string> | null;
}

export interface SftpOptions {
  readonly login: SftpLogin;
  readonly trust: HostTrust;
  /** Take the newest file of the folder whose name ends so; null: the path is the file. */
  readonly newest: readonly string[] | null;
  readonly connectTimeout: number;
  readonly answerTimeout: number;
}

/** An export on a server that has let us in. */
export interface RemoteExport {
  /** Without its folder. */
  readonly name: string;
  readonly size: number;
  /** Milliseconds since 1970 UTC, by the server's own clock. */
  readonly modifiedAt: number;
  /** A host key that was not known before and was taken. */
  readonly firstKey: HostKey | null;
  /** Its bytes as they come. Ends with SyncFailure if the connection breaks, or the file changes meanwhile. */
  readonly bytes: () => AsyncGenerator<Uint8Array>;
  readonly close: () => Promise<void>;
}

/** SFTP servers send 256 KiB at once at the most, and many 32 KiB; a short answer is asked for again. */
const CHUNK = 256 * 1024;

/** Connects, checks the host key, logs in, and finds the file. Throws SyncFailure. */
export async function openExport(server: SftpServer, options: SftpOptions): Promise<RemoteExport> {
  const { Client } = await import("ssh2");
  const client = new Client();
  const session = new Session(client, server, options.answerTimeout);
  try {
    const firstKey = await session.connect(options);
    const sftp = await session.sftp();
    const path = await exportPath(session, sftp, server, options.newest);
    const stats = await session.ask<Stats>(path, (done) => sftp.stat(path, done));
    if (!stats.isFile())
      throw new SyncFailure(
        "no-file",
        `What is at ${server.url} is a folder.`,
        "Name the file, or take the newest one in it with --newest.",
      );
    return {
      name: path.replace(/^.*\//, ""),
      size: stats.size,
      modifiedAt: stats.mtime * 1000,
      firstKey,
      bytes: () => bytesOf(session, sftp, path, stats),
      close: async () => session.end(),
    };
  } catch (error) {
    session.end();
    throw error;
  }
}

async function exportPath(session: Session, sftp: SFTPWrapper, server: SftpServer, endings: readonly string[] | null) {
  if (endings === null) return server.path;
  const folder = server.path.replace(/\/+$/, "");
  const list = await session.ask<readonly import("ssh2").FileEntry[]>(folder, (done) => sftp.readdir(folder, done));
  const files = list.map(({ filename, attrs }) => ({
    name: filename,
    isFile: (attrs.mode & 0o170000) === 0o100000,
    modifiedAt: attrs.mtime,
  }));
  const newest = newestExport(files, endings);
  if (newest !== null) return `${folder}/${newest}`;
  throw new SyncFailure(
    "no-file",
    `No file in ${server.url} ends in ${endings.join(", ")}.`,
    "Look whether the nightly export still runs; --ending names another ending.",
  );
}

async function* bytesOf(session: Session, sftp: SFTPWrapper, path: string, before: Stats): AsyncGenerator<Uint8Array> {
  const handle = await session.ask<Buffer>(path, (done) => sftp.open(path, "r", done));
  let position = 0;
  // One byte more than there should be shows a file that grew.
  while (position <= before.size) {
    const chunk = Buffer.alloc(Math.min(CHUNK, before.size - position + 1));
    const length = await session.ask<number>(path, (done) =>
      // End of file (status 1) is an answer, not a failure.
      sftp.read(handle, chunk, 0, chunk.length, position, (error, bytesRead) =>
        (error as { code?: unknown } | undefined)?.code === 1 ? done(undefined, 0) : done(error, bytesRead),
      ),
    );
    if (length === 0) break;
    position += length;
    yield chunk.subarray(0, length);
  }
  const after = await session.ask<Stats>(path, (done) => sftp.stat(path, done));
  if (position !== before.size || after.size !== before.size || after.mtime !== before.mtime)
    throw new SyncFailure(
      "file-changed",
      `The file ${path} changed while it was read: ${before.size} bytes at first, ${after.size} then, ${position} read.`,
      "Its export is still being written: sync later, or have the export written under another name and renamed when it is whole.",
    );
}

type Done<T> = (error: Error | null | undefined, value: T) => void;

/** One connection, from the handshake on. Whatever is being waited for fails when the connection does. */
class Session {
  readonly #client: Client;
  readonly #server: SftpServer;
  readonly #timeout: number;
  readonly #failed: Promise<never>;
  #refused: SyncFailure | null = null;
  #stage: "connect" | "login" | "in" = "connect";

  constructor(client: Client, server: SftpServer, timeout: number) {
    this.#client = client;
    this.#server = server;
    this.#timeout = timeout;
    this.#failed = new Promise((_, reject) => {
      client.on("error", (error) => reject(this.#refused ?? this.#meaning(error)));
      client.on("close", () => reject(this.#refused ?? this.#broken("closed")));
    });
    this.#failed.catch(() => {});
  }

  /** Gives the host key if it is trusted as of now. */
  async connect({ login, trust, connectTimeout }: SftpOptions): Promise<HostKey | null> {
    const { host, port, user } = this.#server;
    let firstKey: HostKey | null = null;
    const config: ConnectConfig = {
      host,
      port,
      username: user,
      readyTimeout: connectTimeout,
      keepaliveInterval: 15_000,
      hostVerifier: (blob: Buffer) => {
        const seen = hostKeyOf(blob);
        const verdict = judgeHostKey(`${host}:${port}`, seen, trust);
        if (verdict instanceof SyncFailure) this.#refused = verdict;
        else {
          this.#stage = "login";
          if (verdict === "first") firstKey = seen.key;
        }
        return !(verdict instanceof SyncFailure);
      },
      ...(login.key !== null && { privateKey: login.key.reveal() }),
      ...(login.keyPassphrase !== null && { passphrase: login.keyPassphrase.reveal() }),
      ...(login.password !== null && { password: login.password.reveal(), tryKeyboard: true }),
    };
    // Some servers ask for the password in the words of a dialogue (RFC 4256) instead.
    this.#client.on("keyboard-interactive", (_name, _text, _language, prompts, answer) => {
      const one = prompts.length === 1 && prompts[0]!.echo === false;
      answer(one ? [login.password?.reveal() ?? ""] : []);
    });
    const ready = new Promise<void>((resolve) => this.#client.once("ready", resolve));
    this.#client.connect(config);
    // Each question waits for its answer: held back for company (Nagle), a file takes ten times as long.
    this.#client.setNoDelay(true);
    await Promise.race([ready, this.#failed]);
    this.#stage = "in";
    return firstKey;
  }

  sftp(): Promise<SFTPWrapper> {
    return this.ask<SFTPWrapper>("", (done) => this.#client.sftp(done));
  }

  /** One question and its answer. `path` is for the failure's words. */
  async ask<T>(path: string, question: (done: Done<T>) => unknown): Promise<T> {
    let timer: NodeJS.Timeout | undefined;
    const answer = new Promise<T>((resolve, reject) => {
      timer = setTimeout(() => reject(this.#broken("ETIMEDOUT")), this.#timeout);
      question((error, value) => (error ? reject(this.#answerMeaning(error, path)) : resolve(value)));
    });
    answer.catch(() => {});
    try {
      return await Promise.race([answer, this.#failed]);
    } finally {
      clearTimeout(timer);
    }
  }

  end(): void {
    this.#client.end();
    this.#client.destroy();
  }

  #meaning(error: Error & { level?: string; code?: unknown }): SyncFailure {
    const { url, user } = this.#server;
    if (error.level === "client-authentication")
      return new SyncFailure(
        "login-refused",
        `The server ${url} refuses the login of ${user}: wrong key, wrong password, or an account that may not come in.`,
        "Check --key or the password; the server's own log says which of them it was.",
      );
    if (error.level === "client-timeout") return this.#broken("ETIMEDOUT");
    if (error.level === "client-socket") return this.#broken(String(error.code ?? "closed"));
    if (this.#stage === "in") return this.#broken("closed");
    return new SyncFailure(
      "server-error",
      `The server ${url} and this program find no common way to speak SSH: ${error.message}.`,
      "Look at port and server: it may be no SSH server, or one too old.",
    );
  }

  #broken(code: string): SyncFailure {
    const { url } = this.#server;
    if (this.#stage === "in")
      return new SyncFailure(
        code === "ETIMEDOUT" ? "timed-out" : "connection-lost",
        `The connection to ${url} broke off: ${networkCause(code)}.`,
        "Try again: what is in the vault already is recognised.",
      );
    const reason = code === "ETIMEDOUT" ? "timed-out" : "unreachable";
    return new SyncFailure(
      reason,
      `The server ${url} cannot be reached: ${networkCause(code)}.`,
      "Check name, port and cable.",
    );
  }

  // Status codes of SFTP version 3 (draft-ietf-secsh-filexfer-02 section 7).
  #answerMeaning(error: Error & { code?: unknown }, path: string): SyncFailure {
    const { url, user } = this.#server;
    if (error.code === 2)
      return new SyncFailure("no-file", `There is no ${path} at ${url}.`, "Check the path in --url.");
    if (error.code === 3)
      return new SyncFailure(
        "no-permission",
        `The account ${user} may not read ${path} at ${url}.`,
        "On the server, give that account the right to read it.",
      );
    if (this.#stage === "in" && error.code === undefined) return this.#broken("closed");
    return new SyncFailure(
      "server-error",
      `The server ${url} answers with SFTP status ${String(error.code)} for ${path === "" ? "the SFTP subsystem" : path}.`,
      "The server's own log says more.",
    );
  }
}
