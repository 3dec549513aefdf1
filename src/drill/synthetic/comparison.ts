/** What a synthetic device stops with: it network-boots again, as a person would have it do. */
export class BootFailed extends Error {
  constructor(why: string) {
    super(why);
    this.name = "BootFailed";
  }
}

/** Compares bytes as they come with what they have to be, without keeping them. */
export class Comparison {
  #at = 0;
  readonly #expected: Uint8Array;

  constructor(expected: Uint8Array) {
    this.#expected = expected;
  }

  /** Throws BootFailed at the first byte that is another. */
  take(name: string, bytes: Uint8Array): void {
    const end = this.#at + bytes.length;
    if (end > this.#expected.length || Buffer.compare(bytes, this.#expected.subarray(this.#at, end)) !== 0)
      throw new BootFailed(`${name}: other bytes than the image has, after ${this.#at}`);
    this.#at = end;
  }

  get whole(): boolean {
    return this.#at === this.#expected.length;
  }
}
