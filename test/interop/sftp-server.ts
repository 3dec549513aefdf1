import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { copyFileSync, mkdirSync, writeFileSync } from "node:fs";
import { connect, createServer, type Server, type Socket } from "node:net";
import { userInfo } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

/** A real OpenSSH server on a port of loopback, for whoever runs the tests, with keys of its own. */
export class SftpServer {
  readonly folder: string;
  readonly port: number;
  #process: ChildProcess | null = null;

  private constructor(folder: string, port: number) {
    this.folder = folder;
    this.port = port;
  }

  static async start(folder: string): Promise<SftpServer> {
    const server = new SftpServer(folder, await freePort());
    for (const name of ["host", "host-2", "client", "stranger"]) server.#makeKey(name, "");
    server.#makeKey("locked", "key passphrase");
    const pub = ["client", "locked"].map((name) =>
      execFileSync("cat", [server.file(`${name}.pub`)], { encoding: "utf8" }),
    );
    writeFileSync(server.file("authorized"), pub.join(""));
    writeFileSync(
      server.file("sshd_config"),
      [
        `Port ${server.port}`,
        "ListenAddress 127.0.0.1",
        `HostKey ${server.file("host")}`,
        `AuthorizedKeysFile ${server.file("authorized")}`,
        "PidFile none",
        "UsePAM no",
        "StrictModes no",
        "PermitRootLogin yes",
        "PasswordAuthentication yes",
        "Subsystem sftp internal-sftp",
        "",
      ].join("\n"),
    );
    await server.#run();
    return server;
  }

  file(name: string): string {
    return join(this.folder, name);
  }

  url(path: string, port = this.port): string {
    return `sftp://${userInfo().username}@127.0.0.1:${port}${path}`;
  }

  /** As the server's own ssh-keygen prints it. */
  get hostKey(): string {
    return execFileSync("ssh-keygen", ["-lf", this.file("host.pub")], { encoding: "utf8" }).split(" ")[1]!;
  }

  /** The same server, set up anew. */
  async changeHostKey(): Promise<void> {
    await this.stop();
    copyFileSync(this.file("host-2"), this.file("host"));
    await this.#run();
  }

  async stop(): Promise<void> {
    const gone = new Promise((resolve) => this.#process?.once("close", resolve) ?? resolve(null));
    this.#process?.kill("SIGTERM");
    await gone;
    this.#process = null;
  }

  #makeKey(name: string, passphrase: string): void {
    execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", passphrase, "-f", this.file(name)]);
  }

  async #run(): Promise<void> {
    if (process.getuid?.() === 0) mkdirSync("/run/sshd", { recursive: true });
    this.#process = spawn("/usr/sbin/sshd", ["-D", "-e", "-f", this.file("sshd_config")], { stdio: "ignore" });
    for (let tries = 0; tries < 100; tries++) {
      if (await answers(this.port)) return;
      await sleep(50);
    }
    throw new Error("sshd does not come up");
  }
}

/** A line to a port that does something when so many bytes have come back on it. */
export class Line {
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
  }

  static async to(port: number, bytes: number, act: (near: Socket, far: Socket) => void): Promise<Line> {
    const server = createServer((near) => {
      const far = connect(port, "127.0.0.1");
      let came = 0;
      near.on("error", () => {}).on("close", () => far.destroy());
      far.on("error", () => {}).on("close", () => near.destroy());
      near.pipe(far);
      far.on("data", (chunk: Buffer) => {
        const before = came < bytes;
        came += chunk.length;
        if (before && came >= bytes) act(near, far);
        near.write(chunk);
      });
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return new Line(server);
  }

  get port(): number {
    return (this.#server.address() as { port: number }).port;
  }

  stop(): Promise<void> {
    return new Promise((resolve) => this.#server.close(() => resolve()));
  }
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket.once("error", () => resolve(false));
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
  });
}
