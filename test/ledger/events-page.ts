import { FAMILIES } from "../../src/ledger/events/event.ts";
import type { Fields } from "../../src/ledger/events/field.ts";
import type { Kind } from "../../src/ledger/events/kind.ts";

const INTRODUCTION = `# Events: every kind of entry in a ledger

This page is made from \`src/ledger/events/\`; \`npx vitest run test/ledger/events.test.ts -u\` writes it again.

An entry of the [ledger](ledger.md) says in its \`body\` what happened. \`type\` names the kind; the other fields are listed here.
Numbers are integers. A field marked *may be absent* is left out where there is nothing to say, and in ledgers of versions
that did not write it yet. No recovery password, passphrase, token or session secret is in any field.

## Other versions

* **Older ledgers** are read for ever: a kind or field that is no longer written stays on this page.
* **A ledger of a later version** may have kinds and fields that are not on this page. \`ledger verify\`, \`ledger export\`, \`ledger
  show\` and a checkpoint take the text as it stands, so they work with any kind. What decides or counts (the station, the
  campaign, releases, the vault's verbs) needs to understand every entry: it refuses the whole ledger, names the entry and
  its kind, and changes nothing. Use the version that wrote it.
* A known kind with an unknown field, without one of its fields, or with a value of another form is refused in the same way.
* Nothing is written that would be refused when it is read.
`;

/** docs/formats/events.md, whole. */
export function eventsPage(): string {
  const families = Object.entries(FAMILIES).map(
    ([title, kinds]) => `## ${title}\n\n${Object.entries(kinds).map(kindText).join("\n")}`,
  );
  return [INTRODUCTION, ...families].join("\n");
}

function kindText([type, { what, fields }]: [string, Kind]): string {
  const rows = rowsOf(fields, "").map((cells) => `| ${cells.join(" | ")} |\n`);
  return `### \`${type}\`\n\n${what}\n\n| field | form | meaning |\n|---|---|---|\n${rows.join("")}`;
}

function rowsOf(fields: Fields, above: string): string[][] {
  return Object.entries(fields).flatMap(([name, { form, meaning, optional, inside }]) => {
    const path = `${above}${name}`;
    const row = [`\`${path}\``, `${form}${optional ? "; may be absent" : ""}`, meaning];
    const isList = form.startsWith("array");
    return [row, ...(inside === null ? [] : rowsOf(inside, `${path}${isList ? "[]" : ""}.`))];
  });
}
