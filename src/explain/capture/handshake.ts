/** RFC 8446 section 5.1. */
const RecordType = { changeCipherSpec: 20, alert: 21, handshake: 22, applicationData: 23 } as const;
const RECORD_HEADER = 5;
/** RFC 8446 section 5.2; versions before it allow a little more. */
const LONGEST_RECORD = 16_384 + 2_048;
/**
 * An alert in TLS 1.3 is encrypted, but its length is its own: level, description, content type, and the tag of the cipher
 * (16 bytes in all that are used). A device's own last handshake message is at least 53 bytes long.
 */
const ENCRYPTED_ALERT = 19;

export interface HandshakeState {
  /** The first word of each side was heard; the device's later ones tell how it took the station's certificate. */
  readonly serverSpoke: boolean;
  readonly outcome: "established" | "refused" | null;
  readonly by: "device" | "server" | null;
  readonly alert: number | null;
}

interface Side {
  /** Bytes to pass over before the next record's header, and what there is of that header. */
  skip: number;
  header: number[];
  /** False once a piece of the stream was not captured. */
  readable: boolean;
  records: number;
}

/** Follows the records of one TLS connection as far as they tell whether the handshake came to its end. */
export class Handshake {
  readonly #sides = { device: newSide(), server: newSide() };
  #serverSpoke = false;
  #outcome: HandshakeState["outcome"] = null;
  #by: HandshakeState["by"] = null;
  #alert: number | null = null;

  get state(): HandshakeState {
    return { serverSpoke: this.#serverSpoke, outcome: this.#outcome, by: this.#by, alert: this.#alert };
  }

  /** More of what one side said, in order. `length` is what was on the wire; `bytes` may be shorter. */
  hear(who: "device" | "server", bytes: Uint8Array, length: number): void {
    const side = this.#sides[who];
    let at = 0;
    while (side.readable && at < length) {
      if (side.skip > 0) {
        const passed = Math.min(side.skip, length - at);
        side.skip -= passed;
        at += passed;
      } else if (at >= bytes.length) side.readable = false;
      else {
        side.header.push(bytes[at]!);
        at += 1;
        // The description of a plain alert stands after the header: level, description.
        const type = side.header[0];
        const wanted = type === RecordType.alert ? RECORD_HEADER + 2 : RECORD_HEADER;
        if (side.header.length === wanted) this.#record(who, side);
      }
    }
  }

  /** A side closes or resets the connection. */
  close(who: "device" | "server"): void {
    if (this.#outcome === null) this.#settle("refused", who, null);
  }

  #record(who: "device" | "server", side: Side): void {
    const [type = 0, major, , high = 0, low = 0, , description = null] = side.header;
    const length = high * 256 + low;
    side.header = [];
    if (major !== 3 || length > LONGEST_RECORD || type < RecordType.changeCipherSpec || type > 24) {
      side.readable = false;
      return;
    }
    side.skip = type === RecordType.alert ? Math.max(0, length - 2) : length;
    side.records += 1;
    if (who === "server") this.#serverSpoke = true;
    if (this.#outcome !== null) return;
    if (type === RecordType.alert) this.#settle("refused", who, length === 2 ? description : null);
    if (who !== "device" || !this.#serverSpoke) return;
    if (type === RecordType.applicationData)
      this.#settle(
        length === ENCRYPTED_ALERT ? "refused" : "established",
        length === ENCRYPTED_ALERT ? who : null,
        null,
      );
    // TLS 1.2: the device sends its key exchange only after it has accepted the certificate.
    else if (type === RecordType.handshake && side.records > 1 && length !== 0 && !this.#isRetry(side))
      this.#settle("established", null, null);
  }

  /** In TLS 1.3 a server may ask for another ClientHello (HelloRetryRequest): the second one proves nothing. */
  #isRetry(side: Side): boolean {
    return side.records <= 3 && this.#sides.server.records <= 2;
  }

  #settle(outcome: "established" | "refused", by: HandshakeState["by"], alert: number | null): void {
    this.#outcome = outcome;
    this.#by = by;
    this.#alert = alert;
  }
}

function newSide(): Side {
  return { skip: 0, header: [], readable: true, records: 0 };
}
