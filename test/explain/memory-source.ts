import type { ByteSource } from "../../src/explain/capture/byte-source.ts";

/** Bytes that are in memory already. */
export function memorySource(bytes: Uint8Array): ByteSource {
  let offset = 0;
  const advance = (length: number) => {
    const start = offset;
    offset = Math.min(bytes.length, offset + length);
    return start;
  };
  return {
    get offset() {
      return offset;
    },
    take: (length) => bytes.subarray(advance(length), offset),
    skip(length) {
      const start = advance(length);
      return offset - start;
    },
  };
}
