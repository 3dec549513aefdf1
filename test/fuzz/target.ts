import { MalformedError } from "../../src/wire/malformed.ts";
import { OperatorError } from "../../src/wire/operator-error.ts";

/** A decoder under fuzz: it returns, or throws MalformedError or OperatorError. All else is a finding. */
export interface Target {
  readonly name: string;
  /** Its share of a run: how many inputs of a million. Slow ones have few. */
  readonly share: number;
  readonly seeds: readonly Uint8Array[];
  readonly dictionary?: readonly Uint8Array[];
  readonly longest?: number;
  /** A few words on what came of it: an input that is answered in a new way is kept, and mutated further. */
  readonly run: (input: Uint8Array) => string | Promise<string>;
  readonly close?: () => Promise<void> | void;
}

/** What a refused input was refused for, without its own numbers and words; rethrows what no input may bring about. */
export function refusalOf(error: unknown): string {
  if (error instanceof MalformedError) return `refused: ${gist(error.what)}`;
  if (error instanceof OperatorError) return `operator: ${gist(error.message)}`;
  throw error;
}

function gist(text: string): string {
  return text
    .replace(/".*"/gs, '""')
    .replace(/[0-9]+/g, "0")
    .slice(0, 60);
}

/** For laws: what must hold of every input. */
export function must(holds: boolean, law: string): void {
  if (!holds) throw new Error(`law broken: ${law}`);
}

export function bytesOf(...texts: readonly string[]): Uint8Array[] {
  return texts.map((text) => new Uint8Array(Buffer.from(text, "utf8")));
}

/** As a text decoder gets it: bytes that are no UTF-8 become U+FFFD. */
export function textOf(bytes: Uint8Array): string {
  return new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);
}
