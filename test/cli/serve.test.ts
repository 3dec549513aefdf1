import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { networkInterfaces } from "node:os";
import { join } from "node:path";
import { beforeEach, describe, expect, test } from "vitest";
import { createVault } from "../../src/escrow/vault.ts";
import { openLedger } from "../../src/ledger/open-ledger.ts";
import { findInterface } from "../../src/server/interface.ts";
import { listen, tryPorts } from "../../src/server/listen.ts";
import { parseIpv4 } from "../../src/wire/ipv4.ts";
import { Secret } from "../../src/wire/secret.ts";
import { breakglass, REFUSAL } from "./program.ts";
import { temporaryFolder } from "./run.ts";

let files: string;
let state: string;

beforeEach(() => {
  files = temporaryFolder();
  state = join(files, "state");
});

/** A vault whose scrypt is as cheap as it gets, and an empty ledger. */
async function makeState(): Promise<void> {
  mkdirSync(state, { mode: 0o700 });
  const options = { clock: Date.now, passphrase: new Secret("six plain words for a test"), workFactor: 1 };
  await (await createVault(join(state, "vault.sqlite"), options)).close();
  await (await openLedger(join(state, "ledger.sqlite"), { station: "t", clock: Date.now, create: true })).close();
}

const LOOPBACK = parseIpv4("127.0.0.1");
const serve = (...args: string[]) => breakglass(["serve", "--state", state, ...args, "--passphrase-fd", "3"], "x\n");

describe("the station does not start", () => {
  test.each([
    ["without an interface", [], 2, /Required option '--interface <IF>' not specified/],
    ["on an interface that is not there", ["--interface", "nowhere0"], 4, /There is no interface nowhere0/],
    ["on loopback, where no device is", ["--interface", "lo"], 4, /No device can reach lo\. Nothing was started/],
    ["on what is no address", ["--interface", "lo", "--address", "10.1"], 2, /An IPv4 address/],
  ])("%s", async (_what, args, expected, message) => {
    const { stdout, stderr, exitCode } = await serve(...args);
    expect({ stdout, exitCode }).toEqual({ stdout: "", exitCode: expected });
    expect(stderr).toMatch(REFUSAL);
    expect(stderr).toMatch(message);
  });

  const lan = Object.entries(networkInterfaces()).find(
    ([, all]) => all!.filter(({ family, internal }) => family === "IPv4" && !internal).length === 1,
  )?.[0];

  test.skipIf(lan === undefined)("without a vault", async () => {
    const { stderr, exitCode } = await serve("--interface", lan!);
    expect(exitCode).toBe(2);
    expect(stderr).toMatch(REFUSAL);
    expect(stderr).toContain(`There is no vault at ${join(state, "vault.sqlite")}`);
  });

  test.skipIf(lan === undefined)("without an image, or with one that was changed", async () => {
    await makeState();
    const none = await serve("--interface", lan!, "--image", files);
    expect(none).toMatchObject({ stdout: "", exitCode: 4, stderr: expect.stringMatching(REFUSAL) });
    expect(none.stderr).toContain(`There is no recovery image in ${files}`);
    writeFileSync(join(files, "manifest.json"), "{");
    expect(await serve("--interface", lan!, "--image", files)).toMatchObject({ stdout: "", exitCode: 4 });
  });
});

describe("ports", () => {
  const none = { dhcp: 0, bootServer: 0, tftp: 0, http: 0, https: 0 };

  test("that can be had are free again afterwards", async () => {
    await expect(tryPorts(LOOPBACK, none)).resolves.toBeUndefined();
  });

  test("another program holds: the refusal names the port and how to find that program", async () => {
    const holder = createServer();
    const port = await listen(holder, LOOPBACK, 0, "a test");
    try {
      await expect(tryPorts(LOOPBACK, { ...none, http: port })).rejects.toMatchObject({
        message: `Cannot serve HTTP on 127.0.0.1:${port}. Nothing was started.`,
        next: expect.stringContaining("ss -lunpt"),
        exitCode: 4,
      });
    } finally {
      holder.close();
    }
  });
});

test("an interface is never guessed: the refusal lists those with an address", () => {
  expect(() => findInterface("nowhere0")).toThrow(/There is no interface nowhere0 that is up and has an address/);
});

test("a folder that this user may not enter is told apart from one without a vault", async () => {
  mkdirSync(state, { mode: 0o000 });
  // Root may enter every folder; nobody (65534) may not.
  const root = process.geteuid?.() === 0;
  if (root) process.seteuid?.(65534);
  try {
    const opening = openLedger(join(state, "ledger.sqlite"), { station: "test", clock: Date.now });
    await expect(opening).rejects.toMatchObject({ fault: "access", exitCode: 4 });
  } finally {
    if (root) process.seteuid?.(0);
    chmodSync(state, 0o700);
  }
});
