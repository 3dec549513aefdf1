import { chmodSync, closeSync, mkdirSync, openSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { readPrivateFile, readSecret } from "../../src/cli/secret-input.ts";
import { temporaryFolder } from "./run.ts";

const before = process.env.CREDENTIALS_DIRECTORY;
afterEach(() => {
  if (before === undefined) delete process.env.CREDENTIALS_DIRECTORY;
  else process.env.CREDENTIALS_DIRECTORY = before;
});

const names = { fdOption: "--password-fd", fileOption: "--password-file", what: "the account's password" };

function file(mode: number, content = "a password\n"): string {
  const path = join(temporaryFolder(), "secret");
  writeFileSync(path, content);
  chmodSync(path, mode);
  return path;
}

test("a password is the one line of a descriptor or of a file that only its owner may read", async () => {
  const path = file(0o600);
  expect((await readSecret({ ...names, fd: undefined, file: path }))!.reveal()).toBe("a password");
  const fd = openSync(path, "r");
  expect((await readSecret({ ...names, fd: String(fd), file: undefined }))!.reveal()).toBe("a password");
  closeSync(fd);
  expect(await readSecret({ ...names, fd: undefined, file: undefined })).toBeNull();
});

test("a file that others may read is refused, whichever bit it is", () => {
  for (const mode of [0o640, 0o604, 0o620, 0o644, 0o610])
    expect(() => readPrivateFile(file(mode), "--key")).toThrow(`mode ${mode.toString(8)}`);
});

test("a credential of systemd may show the group's bits, which are its access list's mask, and nobody else's", () => {
  const path = file(0o440);
  process.env.CREDENTIALS_DIRECTORY = join(path, "..");
  expect(readPrivateFile(path, "--password-file").toString()).toBe("a password\n");
  chmodSync(path, 0o444);
  expect(() => readPrivateFile(path, "--password-file")).toThrow(/Others/);
  mkdirSync(join(path, "..", "below"));
  process.env.CREDENTIALS_DIRECTORY = join(path, "..", "below");
  chmodSync(path, 0o440);
  expect(() => readPrivateFile(path, "--password-file")).toThrow(/Others/);
});

test("nothing, two lines, both ways at once, or a descriptor that is not open is refused, and never shown", async () => {
  for (const content of ["", "\n", "one\ntwo\n"])
    await expect(readSecret({ ...names, fd: undefined, file: file(0o600, content) })).rejects.toThrow(
      /(empty|more than one line)\./,
    );
  await expect(readSecret({ ...names, fd: "3", file: "x" })).rejects.toThrow(/both given/);
  await expect(readSecret({ ...names, fd: "hunter2", file: undefined })).rejects.toThrow(/^(?!.*hunter2)/);
  await expect(readSecret({ ...names, fd: "987", file: undefined })).rejects.toThrow(/cannot be read \(EBADF\)/);
});
