/** The bytes of a file, front to back, a little at a time: a capture may be larger than the memory. */
export interface ByteSource {
  /** How many bytes were taken or skipped so far. */
  readonly offset: number;
  /** The next `length` bytes, or as many as there are before the end. They are good until the next call. */
  take(length: number): Uint8Array;
  /** Passes over `length` bytes, or as many as there are; gives how many. */
  skip(length: number): number;
}
