import { format, inspect } from "node:util";
import { deserialize, serialize } from "node:v8";
import { MessageChannel, Worker } from "node:worker_threads";
import { describe, expect, test } from "vitest";
import { Secret } from "../../src/wire/secret.ts";

const TEXT = "496298-461032-321464";
const secret = new Secret(TEXT);
const holders: readonly [string, unknown][] = [
  ["itself", secret],
  ["in an object", { password: secret }],
  ["in a list", [secret]],
  ["in a map", new Map([["password", secret]])],
  ["as an error's cause", new Error("x", { cause: secret })],
];

describe.each(holders)("a secret %s", (_where, holder) => {
  test("prints as [secret], whatever prints it", () => {
    const printed = [
      JSON.stringify(holder),
      inspect(holder, { depth: 9, showHidden: true, getters: true }),
      inspect(holder, { customInspect: false, showHidden: true, depth: 9 }),
      ...["%s", "%o", "%O", "%j", "%d", "%i", "%f", "%c"].map((how) => format(how, holder)),
      String(holder),
    ];
    for (const text of printed) expect(text).not.toContain("496298");
  });

  test("cannot be cloned or sent to another thread", () => {
    const { port1, port2 } = new MessageChannel();
    for (const act of [
      () => structuredClone(holder),
      () => port1.postMessage(holder),
      () => new Worker("", { eval: true, workerData: holder }),
    ])
      expect(act).toThrow(/Cannot clone object|could not be cloned/);
    port1.close();
    port2.close();
  });

  test("is not in what V8 serialises", () => {
    const bytes = serialize(holder);
    expect(bytes.toString("latin1") + bytes.toString("utf16le")).not.toContain("496298");
    expect(inspect(deserialize(bytes), { depth: 9 })).not.toContain("496298");
  });
});

test("a secret joined to a text, or taken for a number, stays one", () => {
  expect(`${secret}`).toBe("[secret]");
  expect(`the password ${secret}`).toBe("the password [secret]");
  expect(Number(secret)).toBeNaN();
  expect(Object.keys(secret)).toEqual([]);
  expect(secret.reveal()).toBe(TEXT);
});
