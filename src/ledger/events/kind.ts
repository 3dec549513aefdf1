import type { Fields, RecordOf } from "./field.ts";

/** One kind of entry. */
export interface Kind {
  /** What has happened when there is such an entry, for a reader of docs/formats/events.md. */
  readonly what: string;
  readonly fields: Fields;
}

/** Kinds of entry by their `type`: `noun.verb-in-the-past`. */
export interface Family {
  readonly [type: string]: Kind;
}

/** The bodies of a family's entries, as one union. */
export type BodiesOf<F extends Family> = {
  [Type in keyof F & string]: Whole<{ readonly type: Type } & RecordOf<F[Type]["fields"]>>;
}[keyof F & string];

type Whole<Body> = { [Name in keyof Body]: Body[Name] };

/** A family as it stands, its types kept exactly. */
export function family<const F extends Family>(kinds: F): F {
  return kinds;
}
