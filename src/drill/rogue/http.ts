import { connect } from "node:net";
import { connect as connectTls } from "node:tls";
import { type Attempt, pause, type RogueTarget } from "./attempt.ts";

/** What came back for bytes sent as they are: up to the connection's end or `timeout` milliseconds. */
function exchange(target: RogueTarget, port: 80 | 443, bytes: string | Buffer, timeout = 3000): Promise<Buffer> {
  return new Promise((resolve) => {
    const received: Buffer[] = [];
    const socket =
      port === 80
        ? connect(port, target.station)
        : connectTls({ port, host: target.station, rejectUnauthorized: false, timeout });
    const done = () => {
      clearTimeout(timer);
      socket.destroy();
      resolve(Buffer.concat(received));
    };
    const timer = setTimeout(done, timeout);
    socket.on(port === 80 ? "connect" : "secureConnect", () => socket.write(bytes));
    socket.on("data", (chunk: Buffer) => received.push(chunk));
    socket.on("error", done).on("close", done);
  });
}

function statusOf(answer: Buffer): number | null {
  const status = /^HTTP\/1\.[01] ([0-9]{3})/.exec(answer.subarray(0, 32).toString("latin1"));
  return status === null ? null : Number(status[1]);
}

const PATHS = [
  "/../../../../etc/passwd",
  "/..%2f..%2fetc%2fpasswd",
  "/%2e%2e/%2e%2e/state/vault.sqlite",
  "//etc/passwd",
  "/..\\..\\windows\\win.ini",
  "/..%5c..%5cwindows%5cwin.ini",
  "/vmlinuz%00.txt",
  "/vmlinuz/../../etc/passwd",
  "/./vmlinuz",
  "/VMLINUZ",
  "/%76mlinuz",
  "/vmlinuz?x=/etc/passwd",
  "/state/vault.sqlite",
  "/ledger.sqlite",
  "/station-ca.key",
  "/station-signing.key",
  "/manifest.json",
  "file:///etc/passwd",
  "http://127.0.0.1/vmlinuz",
];

export async function httpBeforeExchange(target: RogueTarget): Promise<Attempt> {
  const statuses: (number | null)[] = [];
  for (const path of ["/session.cpio", "/vmlinuz", "/initrd"])
    statuses.push(statusOf(await exchange(target, 80, `GET ${path} HTTP/1.0\r\n\r\n`)));
  const title = "an address that took part in no boot exchange gets neither image nor boot token over HTTP";
  const blocked = statuses.every((status) => status === 404);
  return { id: "T2-http-stranger", title, blocked, evidence: `session, kernel, initrd: ${statuses.join(", ")}` };
}

export async function httpPaths(target: RogueTarget): Promise<Attempt> {
  const control = statusOf(await exchange(target, 80, "HEAD /vmlinuz HTTP/1.0\r\n\r\n"));
  const served: string[] = [];
  for (const path of PATHS)
    for (const port of [80, 443] as const)
      if (statusOf(await exchange(target, port, `GET ${path} HTTP/1.0\r\n\r\n`)) === 200)
        served.push(`${port} ${path}`);
  if (statusOf(await exchange(target, 80, "GET /vmlinuz\0.txt HTTP/1.0\r\n\r\n")) === 200) served.push("NUL");
  const evidence = `${PATHS.length} paths to each of ports 80 and 443, ${served.length} served${served.length > 0 ? `: ${served.join(", ")}` : ""}; the real path answers ${control}`;
  const title = "no spelling of a path leads out of the image over HTTP and HTTPS";
  return { id: "T12-http-paths", title, blocked: served.length === 0 && control === 200, evidence };
}

export async function httpRubbish(target: RogueTarget): Promise<Attempt> {
  const requests: [string, 80 | 443, string | Buffer][] = [
    ["not HTTP", 80, Buffer.alloc(4096, 0xff)],
    ["a line without end", 80, `GET /${"A".repeat(200_000)}`],
    ["a huge header", 80, `GET /vmlinuz HTTP/1.1\r\nHost: x\r\nX: ${"A".repeat(200_000)}\r\n\r\n`],
    ["a method of its own", 80, "PUT /vmlinuz HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\nx"],
    ["two lengths", 80, "POST /vmlinuz HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 9\r\n\r\nx"],
    ["not TLS inside TLS", 443, Buffer.alloc(4096, 0xff)],
    ["a huge message", 443, agentPost("hello", "a".repeat(64), "A".repeat(300_000))],
    ["a message of another type", 443, agentPost("hello", "a".repeat(64), "{}", "application/json")],
    [
      "no secret",
      443,
      "POST /agent/v1/unlock HTTP/1.1\r\nHost: x\r\nContent-Type: text/plain\r\nContent-Length: 1\r\nConnection: close\r\n\r\nx",
    ],
    ["an unknown verb", 443, agentPost("release", "a".repeat(64), "x")],
  ];
  const accepted: string[] = [];
  for (const [what, port, bytes] of requests) {
    const answer = await exchange(target, port, bytes);
    if (statusOf(answer) === 200 && !answer.includes("\tmalformed\t")) accepted.push(what);
  }
  const evidence = `${requests.length} malformed and oversized requests, ${accepted.length} accepted${accepted.length > 0 ? `: ${accepted.join(", ")}` : ""}`;
  const title = "malformed and oversized HTTP and HTTPS requests are refused";
  return { id: "T16-http-rubbish", title, blocked: accepted.length === 0, evidence };
}

/** Sixty clients that say a byte now and then, while somebody else needs the station. */
export async function slowClients(target: RogueTarget): Promise<Attempt> {
  const slow = Array.from({ length: 60 }, (_, index) => {
    const socket = connect(index % 2 === 0 ? 80 : 443, target.station);
    socket.on("error", () => {});
    socket.on("connect", () => socket.write("G"));
    return socket;
  });
  await pause(1000);
  for (const socket of slow) socket.write("E");
  const from = performance.now();
  const plain = statusOf(await exchange(target, 80, "HEAD /vmlinuz HTTP/1.0\r\n\r\n", 5000));
  const agent = statusOf(await exchange(target, 443, agentPost("plan", "b".repeat(64), "x"), 5000));
  const took = Math.round(performance.now() - from);
  for (const socket of slow) socket.destroy();
  const evidence = `60 slow connections held open; the kernel answers ${plain}, the agent API ${agent}, both in ${took} ms`;
  const title = "slow clients do not keep the station from answering others";
  return { id: "T16-slow-clients", title, blocked: plain === 200 && agent === 200, evidence };
}

/** An agent's message as it stands on the wire. */
function agentPost(verb: string, secret: string, message: string, type = "text/plain"): string {
  const head = [`POST /agent/v1/${verb} HTTP/1.1`, "Host: station", `Authorization: Bearer ${secret}`];
  return [
    ...head,
    `Content-Type: ${type}`,
    `Content-Length: ${Buffer.byteLength(message)}`,
    "Connection: close",
    "",
    message,
  ].join("\r\n");
}

/** The body of the station's answer to an agent's message. */
export async function askAsAgent(target: RogueTarget, verb: string, secret: string, message: string): Promise<string> {
  const answer = (await exchange(target, 443, agentPost(verb, secret, message), 6000)).toString("utf8");
  return answer.slice(answer.indexOf("\r\n\r\n") + 4);
}

/** The one-time boot token that the station hands to this address, or null. */
export async function fetchToken(target: RogueTarget): Promise<string | null> {
  const archive = await exchange(target, 80, "GET /session.cpio HTTP/1.0\r\n\r\n");
  return /TOKEN=([0-9a-f]{64})\n/.exec(archive.toString("latin1"))?.[1] ?? null;
}
