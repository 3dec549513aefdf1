import type { Ipv4 } from "../../wire/ipv4.ts";
import type { ClosedSeen, Ending, LoadSeen, Peer, TlsSeen } from "../seen.ts";
import type { Tcp } from "./datagram.ts";
import { Handshake } from "./handshake.ts";
import { HttpHead, type RequestHead, type ResponseHead } from "./http-head.ts";

interface TcpSeen {
  readonly at: number;
  readonly frame: number;
  readonly from: Peer;
  readonly to: Peer;
  readonly segment: Tcp;
}

type ConnectionSeen = LoadSeen | TlsSeen | ClosedSeen;

interface Question {
  readonly head: RequestHead;
  readonly at: number;
  readonly firstFrame: number;
  response: ResponseHead | null;
  bytes: number;
}

interface Connection {
  /** The one that opened it. */
  readonly device: Peer;
  readonly server: Peer;
  readonly at: number;
  readonly firstFrame: number;
  lastAt: number;
  lastFrame: number;
  syns: number;
  answered: boolean;
  speaks: "unknown" | "http" | "tls" | "other";
  /** Sequence number that comes next from each side, or null before its first segment. */
  readonly next: { device: number | null; server: number | null };
  handshake: Handshake | null;
  head: { device: HttpHead; server: HttpHead };
  question: Question | null;
  repeated: number;
}

const MOST_OPEN = 4096;
const SILENCE_MS = 5_000;
const GIVEN_UP_MS = 60_000;
/** Bytes after which what is neither HTTP nor TLS is left alone. */
const METHOD = /^(GET|HEAD|POST) /;

/** Follows TCP connections just far enough for HTTP requests with their answers, and TLS handshakes. */
export class Connections {
  readonly #open = new Map<string, Connection>();

  hear(seen: TcpSeen, emit: (seen: ConnectionSeen) => void): void {
    const { from, to, segment } = seen;
    const forward = `${keyOf(from)} ${keyOf(to)}`;
    const backward = `${keyOf(to)} ${keyOf(from)}`;
    let connection = this.#open.get(forward) ?? this.#open.get(backward) ?? null;
    const key = this.#open.has(backward) ? backward : forward;
    if (segment.syn && !segment.ack) {
      if (connection !== null && connection.speaks === "unknown" && !connection.answered && key === forward) {
        connection.syns += 1;
        touch(connection, seen);
        return;
      }
      if (connection !== null) this.#end(key, connection, emit);
      connection = this.#begin(forward, seen, emit);
      return;
    }
    if (connection === null) {
      // A connection that was open before the capture began: it is the one who asks in HTTP that opened it.
      if (!METHOD.test(ascii(segment.payload, 5))) return;
      connection = this.#begin(forward, seen, emit);
      connection.answered = true;
    }
    touch(connection, seen);
    const who = key === forward ? "device" : "server";
    if (who === "server" && !segment.rst) connection.answered = true;
    if (segment.syn) connection.next[who] = (segment.sequence + 1) % 2 ** 32;
    else if (segment.payloadLength > 0) this.#data(connection, who, seen, emit);
    if (segment.rst || segment.fin) {
      connection.handshake?.close(who);
      if (segment.rst || who === "server" || connection.speaks === "tls")
        this.#end(key, connection, emit, { by: who, reset: segment.rst });
    }
  }

  sweep(now: number, emit: (seen: ConnectionSeen) => void): void {
    for (const [key, connection] of this.#open)
      if (now - connection.lastAt > GIVEN_UP_MS) this.#end(key, connection, emit);
  }

  end(now: number, emit: (seen: ConnectionSeen) => void): void {
    for (const [key, connection] of this.#open)
      this.#end(key, connection, emit, { cut: now - connection.lastAt < SILENCE_MS });
  }

  #begin(key: string, { at, frame, from, to, segment }: TcpSeen, emit: (seen: ConnectionSeen) => void): Connection {
    for (const [oldest, connection] of this.#open) {
      if (this.#open.size < MOST_OPEN) break;
      this.#end(oldest, connection, emit, { cut: true });
    }
    const connection: Connection = {
      ...{ device: from, server: to, at, firstFrame: frame, lastAt: at, lastFrame: frame, repeated: 0 },
      ...{ syns: segment.syn ? 1 : 0, answered: false, speaks: "unknown", handshake: null, question: null },
      next: { device: segment.syn ? (segment.sequence + 1) % 2 ** 32 : segment.sequence, server: null },
      head: { device: new HttpHead(), server: new HttpHead() },
    };
    this.#open.set(key, connection);
    return connection;
  }

  #data(
    connection: Connection,
    who: "device" | "server",
    { at, frame, segment }: TcpSeen,
    emit: (seen: ConnectionSeen) => void,
  ): void {
    const next = connection.next[who];
    // Signed distance on the circle of 32-bit sequence numbers.
    const ahead = next === null ? 0 : (segment.sequence - next) | 0;
    const old = Math.max(0, -ahead);
    if (old >= segment.payloadLength) {
      connection.repeated += 1;
      return;
    }
    connection.next[who] = (segment.sequence + segment.payloadLength) % 2 ** 32;
    const bytes = segment.payload.subarray(old);
    const length = segment.payloadLength - old;
    if (who === "device" && connection.speaks === "unknown") connection.speaks = language(bytes);
    if (connection.speaks === "tls") {
      connection.handshake ??= new Handshake();
      // What was not captured may have held anything.
      if (ahead > 0) connection.handshake.hear(who, new Uint8Array(0), ahead);
      connection.handshake.hear(who, bytes, length);
    } else if (connection.speaks === "http") {
      if (who === "device") this.#ask(connection, bytes, length, at, frame, emit);
      else this.#answer(connection, bytes, length, Math.max(0, ahead), emit);
    }
  }

  #ask(c: Connection, bytes: Uint8Array, length: number, at: number, frame: number, emit: (s: ConnectionSeen) => void) {
    if (METHOD.test(ascii(bytes, 5)) && c.head.device.given > 0 && c.head.device.request() !== null) {
      this.#endQuestion(c, emit, "finished", null);
      c.head = { device: new HttpHead(), server: new HttpHead() };
    }
    c.head.device.take(bytes, length);
    const head = c.head.device.request();
    if (head !== null && c.question === null) c.question = { head, at, firstFrame: frame, response: null, bytes: 0 };
  }

  #answer(c: Connection, bytes: Uint8Array, length: number, missing: number, emit: (s: ConnectionSeen) => void): void {
    const { question } = c;
    if (question === null) return;
    if (question.response !== null) question.bytes += length + missing;
    else if (c.head.server.take(bytes, length)) {
      question.response = c.head.server.response();
      question.bytes = Math.max(0, c.head.server.given - (question.response?.length ?? c.head.server.given));
    }
    if (question.response === null) return;
    const { contentLength } = question.response;
    const bodiless = question.head.method === "HEAD" || contentLength === 0;
    if (bodiless || (contentLength !== null && question.bytes >= contentLength))
      this.#endQuestion(c, emit, "finished", null);
  }

  #endQuestion(c: Connection, emit: (s: ConnectionSeen) => void, ending: Ending, by: "device" | "server" | null): void {
    const { question, device: from, server: to } = c;
    if (question === null) return;
    c.question = null;
    c.head = { device: new HttpHead(), server: new HttpHead() };
    const { response, head } = question;
    const failed = response !== null && response.status >= 400;
    emit({
      ...{ what: "load", over: "http", from, to, at: question.at, endedAt: c.lastAt, method: head.method },
      frames: [question.firstFrame, c.lastFrame],
      ...{ answeredFrom: null, name: head.path, asks: 1, asked: null, granted: null, lastBlock: 0 },
      ...{
        size: response?.contentLength ?? null,
        bytes: question.bytes,
        blocksRepeated: 0,
        acksRepeated: 0,
        pauses: 0,
      },
      ...{ fragmented: false, ending: failed ? "refused" : ending, by: failed ? "server" : by },
      ...{ code: response?.status ?? null, message: response?.reason ?? "" },
    });
  }

  #end(key: string, c: Connection, emit: (s: ConnectionSeen) => void, how: How = {}): void {
    this.#open.delete(key);
    const { device: from, server: to, at, lastAt: endedAt } = c;
    const span = { at, endedAt, frames: [c.firstFrame, c.lastFrame] as const, from, to };
    if (!c.answered && c.syns > 0) {
      const refused = how.reset === true && how.by === "server";
      if (refused || (c.syns > 1 && how.by === undefined))
        emit({ what: "closed", ...span, protocol: "tcp", how: refused ? "refused" : "silence" });
      return;
    }
    if (c.handshake !== null) {
      const { outcome, by, alert, serverSpoke } = c.handshake.state;
      const silent = how.cut === true ? "cut" : serverSpoke ? "stalled" : "unanswered";
      const ending = outcome === null ? silent : outcome === "established" ? "finished" : "refused";
      emit({ what: "tls", times: 1, ...span, ending, by, alert });
    }
    if (c.question === null) return;
    // Without a length the body ends where the connection does (RFC 9112 section 6.3).
    const { response } = c.question;
    const whole = response !== null && response.contentLength === null && how.by === "server" && how.reset !== true;
    const broken = how.by === undefined ? (response === null ? "unanswered" : "stalled") : "aborted";
    // An answer whose head was not kept may have been anything.
    const unknown = how.cut === true || (response === null && c.head.server.given > 0);
    this.#endQuestion(c, emit, whole ? "finished" : unknown ? "cut" : broken, unknown ? null : (how.by ?? null));
  }
}

interface How {
  readonly by?: "device" | "server";
  readonly reset?: boolean;
  readonly cut?: boolean;
}

function touch(connection: Connection, { at, frame }: TcpSeen): void {
  connection.lastAt = Math.max(connection.lastAt, at);
  connection.lastFrame = frame;
}

function language(bytes: Uint8Array): Connection["speaks"] {
  // RFC 8446 section 5.1: a handshake record of version 3.x.
  if (bytes[0] === 22 && bytes[1] === 3) return "tls";
  return METHOD.test(ascii(bytes, 5)) ? "http" : "other";
}

function ascii(bytes: Uint8Array, length: number): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(length, bytes.length)).toString("latin1");
}

function keyOf({ address, port }: { readonly address: Ipv4; readonly port: number }): string {
  return `${address}:${port}`;
}
