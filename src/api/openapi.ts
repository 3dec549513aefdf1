import { z } from "zod";
import type { Json, JsonObject } from "../wire/json.ts";
import { PROBLEM_TYPE, PROBLEMS, type ProblemReason, problemBody } from "./problem.ts";
import { COMMON_REASONS, ROUTES, type Route } from "./route.ts";
import { problem } from "./schema.ts";
import { SCOPES } from "./scope.ts";

const REASONS = Object.keys(PROBLEMS) as ProblemReason[];

/** The operator API as OpenAPI 3.1, made of the very schemas that requests are read with. */
export function openApi(version: string): JsonObject {
  const paths: Record<string, JsonObject> = {};
  for (const [name, route] of Object.entries<Route>(ROUTES))
    paths[route.path] = { ...paths[route.path], [route.method.toLowerCase()]: operation(name, route) };
  return {
    openapi: "3.1.0",
    info: {
      title: "breakglass operator API",
      version,
      description:
        "HTTPS with the station's own CA (station-ca.pem in its state folder). Every answered call is an entry of the " +
        "station's ledger before the answer leaves. Nothing that names a device or a key goes into a URL. A request " +
        "with a field that is not listed here is refused whole.",
      license: { name: "Apache-2.0", identifier: "Apache-2.0" },
    },
    servers: [{ url: "https://127.0.0.1:8443", description: "breakglass api serve, or serve --api" }],
    paths,
    components: {
      schemas: { Problem: jsonSchema(problem, "output") },
      examples: Object.fromEntries(REASONS.map((reason) => [reason, { value: problemBody(reason) }])),
      securitySchemes: {
        token: {
          type: "http",
          scheme: "bearer",
          bearerFormat: "bgt_ and 47 characters",
          description: `Made by \`breakglass token create\`. Scopes: ${SCOPES.join(", ")}.`,
        },
      },
    },
  };
}

function operation(name: string, route: Route): JsonObject {
  const { scope, summary, description, request } = route;
  const reasons = scope === null ? [] : [...COMMON_REASONS, ...route.reasons];
  return {
    operationId: name,
    summary,
    description,
    security: scope === null ? [] : [{ token: [scope] }],
    ...(name === "release" && { parameters: [IDEMPOTENCY_KEY] }),
    ...(request !== null && { requestBody: { required: true, content: contentOf(request) } }),
    responses: { "200": answerOf(route), ...problems(reasons) },
  };
}

function contentOf(request: NonNullable<Route["request"]>): JsonObject {
  if (request === "text/csv")
    return { "text/csv": { schema: { type: "string", examples: ["name,serial\nPC-0001,5CG1234ABC\n"] } } };
  return { "application/json": { schema: jsonSchema(request, "input") } };
}

const IDEMPOTENCY_KEY = {
  name: "Idempotency-Key",
  in: "header",
  required: true,
  description: "fresh for each release that is meant; the same when a request is repeated",
  schema: { type: "string", minLength: 8, maxLength: 128, examples: ["8e03978e-40d5-43dd-bc93-6894a57f9324"] },
};

function answerOf({ answer }: Route): JsonObject {
  const schema = answer === null ? { type: "object" } : jsonSchema(answer, "output");
  return { description: "done", content: { "application/json": { schema } } };
}

/** One response for each status code, with an example for each reason it may have. */
function problems(reasons: readonly ProblemReason[]): JsonObject {
  const byStatus: Record<string, ProblemReason[]> = {};
  for (const reason of reasons) {
    const code = String(PROBLEMS[reason].status);
    byStatus[code] = [...(byStatus[code] ?? []), reason];
  }
  return Object.fromEntries(
    Object.entries(byStatus).map(([code, all]) => [
      code,
      {
        description: all.map((reason) => `\`${reason}\``).join(", "),
        content: {
          [PROBLEM_TYPE]: {
            schema: { $ref: "#/components/schemas/Problem" },
            examples: Object.fromEntries(all.map((reason) => [reason, { $ref: `#/components/examples/${reason}` }])),
          },
        },
      },
    ]),
  );
}

function jsonSchema(schema: z.ZodType, io: "input" | "output"): JsonObject {
  const { $schema: _dialect, ...rest } = z.toJSONSchema(schema, { io });
  return JSON.parse(JSON.stringify(rest)) as { readonly [key: string]: Json };
}
