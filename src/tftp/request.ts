import { MalformedError } from "../wire/malformed.ts";
import { bootFileName } from "./name.ts";
import { decodeTftp, ErrorCode, encodeTftp, type Options } from "./packet.ts";

/** Why a request is answered with an ERROR. */
export type Refusal = "not-found" | "traversal" | "not-a-name" | "write" | "mode";

/** A question for a file by a name that may be looked up, or a request that is refused whatever there is. */
export type ReadRequest =
  | { readonly name: string; readonly options: Options }
  /** `name` is for people to read. */
  | { readonly refused: Refusal; readonly name: string };

/**
 * Reads a datagram that came to the server's own port. Only `octet` (RFC 1350 section 1) is served: a loader is no text.
 * Throws MalformedError for anything but a request, and that is best left without an answer, which would only help
 * someone who sends in another's name.
 */
export function readRequest(datagram: Uint8Array): ReadRequest {
  const packet = decodeTftp(datagram);
  if (packet.opcode !== "RRQ" && packet.opcode !== "WRQ")
    throw new MalformedError(`${packet.opcode} where a request belongs`);
  const { opcode, filename, mode, options } = packet;
  if (opcode === "WRQ") return { refused: "write", name: printable(filename) };
  if (mode.toLowerCase() !== "octet") return { refused: "mode", name: printable(filename) };
  const asked = bootFileName(filename);
  return "refused" in asked ? { ...asked, name: printable(filename) } : { ...asked, options };
}

/** A stranger's text as it may stand on an operator's terminal: escape sequences and all else but ASCII spelled out. */
function printable(text: string): string {
  return text.replace(/[^ -~]/g, (odd) => `\\x${odd.charCodeAt(0).toString(16).padStart(2, "0")}`);
}

const ANSWERS: Readonly<Record<Refusal, readonly [code: number, message: string]>> = {
  "not-found": [ErrorCode.fileNotFound, "file not found"],
  traversal: [ErrorCode.fileNotFound, "file not found"],
  "not-a-name": [ErrorCode.fileNotFound, "file not found"],
  write: [ErrorCode.accessViolation, "read only"],
  mode: [ErrorCode.illegalOperation, "octet mode only"],
};

export function refusal(reason: Refusal): Uint8Array {
  const [code, message] = ANSWERS[reason];
  return encodeTftp({ opcode: "ERROR", code, message });
}
