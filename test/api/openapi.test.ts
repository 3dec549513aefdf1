import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { openApi } from "../../src/api/openapi.ts";
import { PROBLEMS } from "../../src/api/problem.ts";
import { COMMON_REASONS, ROUTES, type Route } from "../../src/api/route.ts";
import { looksLikePassword } from "../../src/bitlocker/password-text.ts";
import { VERSION } from "../../src/wire/version.ts";

const text = readFileSync(join(import.meta.dirname, "../../docs/openapi.json"), "utf8");
type Operation = { security: unknown; responses: object };
const page = JSON.parse(text) as { openapi: string; paths: Record<string, Record<string, Operation>> };
const routes = Object.values<Route>(ROUTES);

describe("docs/openapi.json", () => {
  it("is what `breakglass api describe` prints", () => {
    expect(text).toBe(`${JSON.stringify(openApi(VERSION), null, 2)}\n`);
  });

  it("has every route, with its scope and a response for every reason", () => {
    expect(page.openapi).toBe("3.1.0");
    expect(Object.keys(page.paths).length).toBe(new Set(routes.map(({ path }) => path)).size);
    for (const { path, method, scope, reasons } of routes) {
      const { security, responses } = page.paths[path]![method.toLowerCase()]!;
      expect(security).toEqual(scope === null ? [] : [{ token: [scope] }]);
      for (const reason of scope === null ? [] : [...COMMON_REASONS, ...reasons])
        expect(JSON.stringify(responses), `${path} ${reason}`).toContain(`"#/components/examples/${reason}"`);
    }
  });

  it("tells every reason there is, and no reason is without a route", () => {
    const told = new Set([...COMMON_REASONS, ...routes.flatMap(({ reasons }) => reasons)]);
    expect(Object.keys(PROBLEMS).filter((reason) => !told.has(reason as never))).toEqual([]);
  });

  it("has no password in an example", () => {
    expect(looksLikePassword(text)).toBe(false);
  });

  it("puts nothing that names a device or a key into a URL", () => {
    expect(routes.filter(({ path }) => /[{:?]/.test(path))).toEqual([]);
  });
});
