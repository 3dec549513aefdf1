import { inspect } from "node:util";

/**
 * A value that must not be seen: it prints, serialises and inspects as `[secret]` wherever it lands by accident.
 * `reveal()` is the one door, and every call of it is a place to review.
 */
export class Secret<T> {
  readonly #value: T;

  constructor(value: T) {
    this.#value = value;
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
