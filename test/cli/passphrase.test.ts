import { closeSync, openSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { readNewPassphrase, readPassphrase } from "../../src/cli/passphrase.ts";
import { temporaryFolder } from "./run.ts";

async function withDescriptor<T>(content: string, act: (options: { passphraseFd: string }) => Promise<T>): Promise<T> {
  const file = join(temporaryFolder(), "passphrase");
  writeFileSync(file, content);
  const descriptor = openSync(file, "r");
  try {
    return await act({ passphraseFd: String(descriptor) });
  } finally {
    closeSync(descriptor);
  }
}

test.each([
  ["correct horse\n", "correct horse"],
  ["correct horse\r\n", "correct horse"],
  ["correct horse\n\n", "correct horse\n"],
  ["correct horse", "correct horse"],
  [" pässword ", " pässword "],
])(
  "%j gives the passphrase %j: one line end is the shell's, the rest is the operator's",
  async (content, passphrase) => {
    expect((await withDescriptor(content, readPassphrase)).reveal()).toBe(passphrase);
  },
);

test.each([
  ["nothing", "", /empty/],
  ["an empty line", "\n", /empty/],
  ["a whole file", "x".repeat(4_097), /too long/],
])("%s is no passphrase", async (_what, content, message) => {
  await expect(withDescriptor(content, readPassphrase)).rejects.toThrow(message);
});

test("a new passphrase has twelve characters or more, an old one may be any", async () => {
  await expect(withDescriptor("eleven char\n", readNewPassphrase)).rejects.toThrow(/shorter than 12/);
  expect((await withDescriptor("eleven char\n", readPassphrase)).reveal()).toBe("eleven char");
  expect((await withDescriptor("twelve chars\n", readNewPassphrase)).reveal()).toBe("twelve chars");
});

test.each(["x", "-1", "3.5", "9999", ""])("descriptor %j is an operator's error", async (passphraseFd) => {
  await expect(readPassphrase({ passphraseFd })).rejects.toMatchObject({ name: "OperatorError", exitCode: 2 });
});
