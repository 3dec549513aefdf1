import type { JsonObject } from "../../wire/json.ts";
import type { MacAddress } from "../../wire/mac.ts";
import { MalformedError } from "../../wire/malformed.ts";
import { BOOT } from "./boot.ts";
import { CAMPAIGN } from "./campaign.ts";
import { DEVICE } from "./device.ts";
import { type FieldTable, tableOf } from "./field.ts";
import { KEY } from "./key.ts";
import type { BodiesOf, Family } from "./kind.ts";
import { RECORD } from "./record.ts";
import { SESSION } from "./session.ts";
import { STATION } from "./station.ts";
import { TOKEN } from "./token.ts";
import { VAULT } from "./vault.ts";

/** Every kind of entry there is, family by family, under the headings of docs/formats/events.md. */
export const FAMILIES: Readonly<Record<string, Family>> = {
  "The station": STATION,
  "The vault": VAULT,
  "The campaign": CAMPAIGN,
  "Network boot": BOOT,
  "The agent's session": SESSION,
  "The device": DEVICE,
  "Recovery passwords": KEY,
  "The operator API": TOKEN,
  "Ledger and coverage": RECORD,
};

/** What happened: `type` is `noun.verb-in-the-past`, the rest is that kind's own fields. */
export type EntryBody =
  | BodiesOf<typeof STATION>
  | BodiesOf<typeof VAULT>
  | BodiesOf<typeof CAMPAIGN>
  | BodiesOf<typeof BOOT>
  | BodiesOf<typeof SESSION>
  | BodiesOf<typeof DEVICE>
  | BodiesOf<typeof KEY>
  | BodiesOf<typeof TOKEN>
  | BodiesOf<typeof RECORD>;

export type EntryType = EntryBody["type"];

/** The body of one kind of entry, or of several. */
export type BodyOf<Type extends EntryType> = Extract<EntryBody, { readonly type: Type }>;

/** A body as it was written, whoever wrote it: a later version may have kinds and fields that this one does not know. */
export type RawBody = JsonObject & { readonly type: string };

/** The device a body is about; null for what concerns the station, the vault or the campaign. */
export function deviceOf(body: EntryBody): MacAddress | null {
  return "device" in body ? body.device : null;
}

const TABLES: ReadonlyMap<string, FieldTable> = new Map(
  Object.values(FAMILIES)
    .flatMap((each) => Object.entries(each))
    .map(([type, { fields }]) => [type, tableOf(fields)]),
);

/** Why a body is none that this version knows, without a full stop; null if it is of a known kind and well formed. */
export function bodyProblem(body: RawBody): string | null {
  const table = TABLES.get(body.type);
  if (table === undefined) return `${JSON.stringify(body.type)} is no kind that this version knows`;
  const problem = table.problem(body);
  return problem === null ? null : `${body.type}: ${problem}`;
}

/** The body itself, if it is of a kind that is known here and has that kind's fields and no others; else MalformedError. */
export function decodeBody(body: RawBody): EntryBody {
  const problem = bodyProblem(body);
  if (problem !== null) throw new MalformedError(problem);
  return body as EntryBody;
}
