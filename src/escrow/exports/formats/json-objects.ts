import type { ParsedTokenInfo, Tokenizer } from "@streamparser/json";
import { MalformedError } from "../../../wire/malformed.ts";
import { word } from "../text/words.ts";
import { textOf } from "../text-chunks.ts";
import type { Chunks } from "./format.ts";

/** The plain members of one object: text and numbers, by their names as `word` has them; null is empty text. */
export type Members = ReadonlyMap<string, string>;

/** One object of a JSON text. */
export interface JsonObject {
  readonly members: Members;
  /** The names under which it and the objects around it stand, outermost first; lists have none. */
  readonly path: readonly string[];
  /** The objects around it, the nearest first. Theirs may still grow until they end. */
  readonly above: readonly { readonly members: Members; readonly path: readonly string[] }[];
  /** Objects and lists around it. */
  readonly depth: number;
}

const DEEPEST = 32;
/** Longer than any text or gap in such a file. */
const LONGEST_TOKEN = 1_048_576;
/** Names that are remembered for a person who has to say what they mean. */
const MOST_NAMES = 40;

/**
 * Every object of one or more JSON texts, wherever it lies, as soon as it ends; inner ones before outer ones. Only
 * members that are `wanted` are kept, so memory does not grow with the file; a list of texts is one member, each on its
 * line. `names` gets the names of the first members. Throws MalformedError where it is not JSON, or is cut off; the
 * objects before that have been given out.
 */
export async function* objectsIn(
  chunks: Chunks,
  wanted: (name: string) => boolean,
  names: Set<string>,
): AsyncGenerator<JsonObject> {
  const { Tokenizer, TokenType } = await import("@streamparser/json");
  const tokenizer = new Tokenizer({ separator: "" });
  const nesting = new Nesting(wanted, TokenType, names);
  // A tokenizer that has an onError does not throw; what is before the fault is still wanted.
  const fault = watch(tokenizer, nesting);
  for await (const text of textOf(chunks)) {
    // Pieces small enough that one text without an end is noticed before it has filled the memory.
    for (let at = 0; at < text.length && fault.error === null; at += LONGEST_TOKEN) {
      const piece = text.slice(at, at + LONGEST_TOKEN);
      fault.length += piece.length;
      tokenizer.write(piece);
    }
    yield* nesting.taken();
    if (fault.error !== null) throw fault.error;
    if (fault.length > LONGEST_TOKEN * 2) throw new MalformedError("a text in it has no end");
  }
  if (!tokenizer.isEnded) tokenizer.end();
  if (nesting.depth > 0 || fault.error !== null) throw new MalformedError("it ends in the middle of an entry");
}

function watch(tokenizer: Tokenizer, nesting: Nesting): { error: MalformedError | null; length: number } {
  const state: { error: MalformedError | null; length: number } = { error: null, length: 0 };
  tokenizer.onToken = (token) => {
    state.length = 0;
    try {
      if (state.error === null) nesting.take(token);
    } catch (error) {
      if (!(error instanceof MalformedError)) throw error;
      state.error = error;
    }
  };
  tokenizer.onError = () => {
    state.error ??= new MalformedError("from here on it is not JSON");
  };
  return state;
}

interface Frame {
  readonly members: Map<string, string> | null;
  /** Under which it stands in the object around it. */
  readonly own: string;
  /** What may come next. */
  next: "name" | "colon" | "value" | "comma";
  /** An end may come too. */
  mayEnd: boolean;
  name: string;
}

/** JSON's grammar (RFC 8259) over the tokens, keeping no more than the objects that are open. */
class Nesting {
  readonly #frames: Frame[] = [];
  readonly #wanted: (name: string) => boolean;
  readonly #kinds: typeof import("@streamparser/json").TokenType;
  readonly #names: Set<string>;
  #ended: JsonObject[] = [];

  constructor(
    wanted: (name: string) => boolean,
    kinds: typeof import("@streamparser/json").TokenType,
    names: Set<string>,
  ) {
    this.#wanted = wanted;
    this.#kinds = kinds;
    this.#names = names;
  }

  get depth(): number {
    return this.#frames.length;
  }

  /** The objects that have ended since the last call. */
  taken(): JsonObject[] {
    const ended = this.#ended;
    this.#ended = [];
    return ended;
  }

  take({ token, value }: ParsedTokenInfo): void {
    const { LEFT_BRACE, RIGHT_BRACE, LEFT_BRACKET, RIGHT_BRACKET, COLON, COMMA, STRING, SEPARATOR } = this.#kinds;
    const frame = this.#frames.at(-1);
    if (token === SEPARATOR) return;
    if (token === RIGHT_BRACE || token === RIGHT_BRACKET) this.#end(token === RIGHT_BRACE);
    else if (token === COLON || token === COMMA) {
      if (frame === undefined || frame.next !== (token === COLON ? "colon" : "comma")) throw notJson();
      frame.next = token === COLON || frame.members === null ? "value" : "name";
      frame.mayEnd = false;
    } else if (frame?.next === "name") {
      if (token !== STRING) throw notJson();
      frame.name = word(String(value).slice(0, 100));
      if (this.#names.size < MOST_NAMES) this.#names.add(String(value).slice(0, 100));
      [frame.next, frame.mayEnd] = ["colon", false];
    } else {
      if (frame !== undefined && frame.next !== "value") throw notJson();
      if (frame !== undefined) [frame.next, frame.mayEnd] = ["comma", true];
      if (token === LEFT_BRACE)
        this.#begin({ members: new Map(), next: "name", mayEnd: true, name: "", own: nameIn(frame) });
      else if (token === LEFT_BRACKET)
        this.#begin({ members: null, next: "value", mayEnd: true, name: "", own: nameIn(frame) });
      else this.#keep(frame, value);
    }
  }

  #begin(frame: Frame): void {
    if (this.#frames.length === DEEPEST) throw new MalformedError("it is nested deeper than any export");
    this.#frames.push(frame);
  }

  #end(isObject: boolean): void {
    const frame = this.#frames.pop();
    if (frame === undefined || !frame.mayEnd || isObject !== (frame.members !== null)) throw notJson();
    if (frame.members !== null && frame.members.size > 0) this.#ended.push(this.#object(frame));
  }

  #object(frame: Frame): JsonObject {
    const around = this.#frames.flatMap(({ members }, index) =>
      members === null ? [] : [{ members, path: pathOf(this.#frames.slice(0, index + 1)) }],
    );
    const path = pathOf([...this.#frames, frame]);
    return { members: frame.members!, path, above: around.reverse(), depth: this.#frames.length };
  }

  #keep(frame: Frame | undefined, value: unknown): void {
    const list = frame?.members === null ? this.#frames.at(-2) : undefined;
    const [members, name] = [list?.members ?? frame?.members, list === undefined ? frame?.name : frame!.own];
    if (!members || name === undefined || !this.#wanted(name)) return;
    if (typeof value !== "string" && typeof value !== "number" && value !== null) return;
    const text = value === null ? "" : String(value);
    const before = list === undefined ? undefined : members.get(name);
    if ((before?.length ?? 0) < LONGEST_LIST) members.set(name, before === undefined ? text : `${before}\n${text}`);
  }
}

/** Of one member that is a list. */
const LONGEST_LIST = 16_384;

/** The name under which a value stands: an object's in a list has the list's. */
function nameIn(frame: Frame | undefined): string {
  return frame === undefined ? "" : frame.members === null ? frame.own : frame.name;
}

function pathOf(frames: readonly Frame[]): string[] {
  return frames.flatMap(({ members, own }) => (members === null || own === "" ? [] : [own]));
}

function notJson(): MalformedError {
  return new MalformedError("from here on it is not JSON");
}
