import { MalformedError } from "../../wire/malformed.ts";
import type { ByteSource } from "./byte-source.ts";
import { type CapturedFrame, isPcap, pcapFrames, view } from "./pcap.ts";
import { PCAPNG_MAGIC, pcapngFrames } from "./pcapng.ts";

/** A capture file that was recognised by its first four bytes. */
interface Capture {
  readonly format: "pcap" | "pcapng";
  /** Throws MalformedError where the file is damaged, after the frames before that. */
  readonly frames: Generator<CapturedFrame>;
}

/** Throws MalformedError for a file that is neither pcap nor pcapng. */
export function openCapture(source: ByteSource): Capture {
  const first = source.take(4);
  if (first.length < 4) throw new MalformedError("too short for a capture", 0);
  const magic = view(first).getUint32(0, false);
  if (magic === PCAPNG_MAGIC) return { format: "pcapng", frames: pcapngFrames(source) };
  if (isPcap(magic)) return { format: "pcap", frames: pcapFrames(magic, source) };
  if (first[0] === 0x1f && first[1] === 0x8b) throw new MalformedError("compressed with gzip", 0);
  throw new MalformedError("neither pcap nor pcapng", 0);
}
