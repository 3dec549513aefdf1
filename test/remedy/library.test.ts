import { readdirSync, readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { REMEDIES } from "../../src/remedy/library.ts";
import { loadRemedy } from "../../src/remedy/remedy.ts";

const folder = new URL("../../remedies/", import.meta.url);

it("every file in remedies/ is in the library, named after its ID", () => {
  const files = readdirSync(folder).map(
    (name) => [name, loadRemedy(readFileSync(new URL(name, folder), "utf8"))] as const,
  );
  expect(files.map(([name]) => name)).toEqual(files.map(([, remedy]) => `${remedy.id}.json`));
  expect([...REMEDIES]).toEqual(files.map(([, remedy]) => [remedy.id, remedy]));
});
