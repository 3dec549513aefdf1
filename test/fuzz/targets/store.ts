import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { generateX25519Identity, identityToRecipient } from "age-encryption";
import { parseRecoveryPassword } from "../../../src/bitlocker/recovery-password.ts";
import { openRecord, sealRecord } from "../../../src/escrow/record.ts";
import { loadManifest, MANIFEST, manifestText } from "../../../src/image/manifest.ts";
import { parseGuid } from "../../../src/wire/guid.ts";
import { Secret } from "../../../src/wire/secret.ts";
import { bytesOf, must, type Target, textOf } from "../target.ts";
import { JSON_WORDS } from "./text.ts";

const ID = parseGuid("24B0AA32-F8D0-40BA-BB05-73A800324C09");
const PASSWORD = parseRecoveryPassword("461109-608201-413820-485342-181588-463056-430617-501391");
const identity = await generateX25519Identity();
const record = await sealRecord(await identityToRecipient(identity), ID, PASSWORD);

const vaultRecord: Target = {
  name: "vault-record",
  share: 1500,
  seeds: bytesOf(record),
  dictionary: bytesOf(
    "-----BEGIN AGE ENCRYPTED FILE-----\n",
    "\n",
    "=",
    "age-encryption.org/v1\n",
    "-> X25519 ",
    "---",
    "YWdl",
    "\r\n",
  ),
  async run(input) {
    const opened = await openRecord(textOf(input), new Secret(identity), ID);
    must(opened.reveal() === PASSWORD.text.reveal(), "what opens is what was sealed");
    return "opened";
  },
};

const folder = mkdtempSync(join(tmpdir(), "breakglass-fuzz-"));
const text = manifestText({
  version: 3,
  architecture: "x64",
  driverSet: "minimal",
  kernelRelease: "6.12.1",
  files: [{ path: "vmlinuz", role: "kernel", size: 9, sha256: "ab".repeat(32) }],
  packages: [{ name: "linux", version: "6.12", architecture: "amd64", sha256: "cd".repeat(32) }],
} as Parameters<typeof manifestText>[0]);

const manifest: Target = {
  name: "image-manifest",
  share: 10_000,
  seeds: bytesOf(text, text.replace('"version": 2,\n  "architecture": "x64"', '"version": 1')),
  dictionary: [...JSON_WORDS, ...bytesOf('"path"', '"role"', "../", "/", "kernel", "initrd")],
  longest: 20_000,
  run(input) {
    writeFileSync(join(folder, MANIFEST), input);
    const { files } = loadManifest(folder);
    for (const { path } of files) must(/^[A-Za-z0-9][A-Za-z0-9._-]*$/.test(path), "a served file is in its folder");
    return `${files.length} files`;
  },
  close: () => rmSync(folder, { recursive: true }),
};

export const STORE: readonly Target[] = [vaultRecord, manifest];
