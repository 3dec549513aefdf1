import { inspect } from "node:util";
import { markAsUncloneable } from "node:worker_threads";

/**
 * A value that must not be seen: it prints and inspects as `[secret]` wherever it lands by accident, and is not cloned.
 * `reveal()` is the one door, and every call of it is a place to review.
 */
export class Secret<T> {
  readonly #value: T;

  constructor(value: T) {
    this.#value = value;
    // Without it a clone would be an empty object, and whoever sent it would wonder.
    markAsUncloneable(this);
  }

  reveal(): T {
    return this.#value;
  }

  toString(): string {
    return "[secret]";
  }
  toJSON(): string {
    return "[secret]";
  }
  [Symbol.toPrimitive](): string {
    return "[secret]";
  }
  [inspect.custom](): string {
    return "[secret]";
  }
}
