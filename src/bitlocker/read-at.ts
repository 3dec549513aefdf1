/** Bytes of a volume (or disk) from `offset`; fewer than `length`, or none, past its end. */
export type ReadAt = (offset: number, length: number) => Uint8Array;

export type WriteAt = (offset: number, bytes: Uint8Array) => void;
