import { writeSync } from "node:fs";
import { unsealVault } from "../../src/cli/opener.ts";
import { openVault } from "../../src/escrow/vault.ts";

// Opens the vault at PATH as every verb does, says whether the kernel would dump it, and holds it until it is killed.
const vault = await openVault(process.argv[2]!, { clock: Date.now });
await unsealVault(vault, { passphraseFd: "3" }, "Nothing was done.");
const { prctl } = process.getBuiltinModule("node:ffi").dlopen(null, {
  prctl: { arguments: ["int32", "uint64", "uint64", "uint64", "uint64"], return: "int32" },
}).functions;
const PR_GET_DUMPABLE = 3;
writeSync(1, `dumpable ${prctl(PR_GET_DUMPABLE, 0n, 0n, 0n, 0n)}\n`);
setInterval(() => {}, 1_000);
