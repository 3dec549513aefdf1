import { execFileSync, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { type AddressInfo, connect, createServer as createPlain, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createServer } from "node:tls";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Handshake, type HandshakeState } from "../../src/explain/capture/handshake.ts";
import { describeWith } from "./needs.ts";

let folder: string;

/** A certificate for the station's address that nobody but itself vouches for. */
function newCertificate(name: string): { readonly key: Buffer; readonly cert: Buffer; readonly file: string } {
  const [key, file] = [join(folder, `${name}.key`), join(folder, `${name}.pem`)];
  const subject = ["-subj", `/CN=${name}`, "-addext", "subjectAltName=IP:127.0.0.1", "-days", "2"];
  const curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"];
  execFileSync("openssl", ["req", "-x509", ...curve, "-nodes", ...subject, "-keyout", key, "-out", file], {
    stdio: "ignore",
  });
  return { key: readFileSync(key), cert: readFileSync(file), file };
}

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "breakglass-handshake-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

type Version = "TLSv1.2" | "TLSv1.3";

/** A real handshake of curl, as the agent has it, listened to in between, in pieces of at most `piece` bytes. */
async function overheard(options: { version: Version; trusted: boolean; piece?: number }): Promise<HandshakeState> {
  const { version, trusted, piece = 65_536 } = options;
  const station = newCertificate("station");
  const authority = trusted ? station : newCertificate("another");
  const handshake = new Handshake();
  const hear = (who: "device" | "server", bytes: Buffer) => {
    for (let at = 0; at < bytes.length; at += piece)
      handshake.hear(who, bytes.subarray(at, at + piece), Math.min(piece, bytes.length - at));
  };
  const { key, cert } = station;
  const server = createServer({ key, cert, minVersion: version, maxVersion: version }, (socket) => {
    socket.on("error", () => {});
    socket.once("data", () => socket.end("HTTP/1.0 200 OK\r\n\r\nanswer"));
  });
  server.on("tlsClientError", () => {});
  const between = createPlain((device) => {
    const onward = connect((server.address() as AddressInfo).port, "127.0.0.1");
    relay(device, onward, (bytes) => hear("device", bytes));
    relay(onward, device, (bytes) => hear("server", bytes));
  });
  await Promise.all([server, between].map((each) => new Promise<void>((done) => each.listen(0, "127.0.0.1", done))));
  const { port } = between.address() as AddressInfo;
  const curl = spawn("curl", ["--silent", "--cacert", authority.file, `https://127.0.0.1:${port}/`], {
    stdio: "ignore",
  });
  const code = await new Promise((done) => curl.on("close", done));
  // 60: the certificate is not of a known authority.
  expect(code).toBe(trusted ? 0 : 60);
  server.close();
  between.close();
  return handshake.state;
}

function relay(from: Socket, to: Socket, hear: (bytes: Buffer) => void): void {
  from.on("data", (bytes: Buffer) => {
    hear(bytes);
    to.write(bytes);
  });
  from.on("end", () => to.end());
  from.on("error", () => to.destroy());
}

describeWith(["openssl", "curl"], "what a capture shows of the agent's TLS", () => {
  describe.each(["TLSv1.2", "TLSv1.3"] as const)("a handshake of %s", (version) => {
    it("that comes to its end is seen as established, in pieces of any size", async () => {
      for (const piece of [65_536, 7, 1])
        expect(await overheard({ version, trusted: true, piece })).toMatchObject({
          outcome: "established",
          alert: null,
        });
    });

    it("that the device breaks off because of the certificate is seen as refused by the device", async () => {
      for (const piece of [65_536, 1])
        expect(await overheard({ version, trusted: false, piece })).toMatchObject({ outcome: "refused", by: "device" });
    });
  });
});
