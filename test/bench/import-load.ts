import { spawn } from "node:child_process";
import { randomBytes, randomUUID } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { randomRecoveryPassword } from "../../src/bitlocker/recovery-password.ts";
import { createVault } from "../../src/escrow/vault.ts";
import { Secret } from "../../src/wire/secret.ts";

// `node test/bench/import-load.ts 100000`: so many rows of CrowdStrike's CSV, through a pipe into
// `breakglass escrow import -` with a sealed vault and a ledger on this disk. One line of JSON.

const rows = Number(process.argv[2] ?? 100_000);
const folder = mkdtempSync(join(tmpdir(), "import-load-"));
try {
  const vault = join(folder, "vault.sqlite");
  const options = { clock: Date.now, passphrase: new Secret("six plain words for a test"), workFactor: 1 };
  await (await createVault(vault, options)).close();
  // The program's own word on its memory, when it ends.
  const onExit = `process.on("exit",()=>process.stderr.write("maxRSS "+process.resourceUsage().maxRSS+"\\n"))`;
  const program = join(import.meta.dirname, "..", "..", "src", "cli", "main.ts");
  const importing = [
    "--import",
    `data:text/javascript,${encodeURIComponent(onExit)}`,
    program,
    "escrow",
    "import",
    "-",
  ];
  const child = spawn(process.execPath, [...importing, "--json", "--state", folder], { stdio: "pipe" });
  const [stdout, stderr, ended] = [text(child.stdout), text(child.stderr), once(child, "close")];
  const start = performance.now();
  child.stdin.write("Hostname,KeyID,RecoveryKey,Directory\r\n");
  for (let row = 0; row < rows; ) {
    let block = "";
    for (const end = Math.min(row + 500, rows); row < end; row++) block += rowOf(row);
    if (!child.stdin.write(block)) await once(child.stdin, "drain");
  }
  child.stdin.end();
  const [exitCode] = await ended;
  const seconds = (performance.now() - start) / 1000;
  const maxRss = /maxRSS (\d+)/.exec(await stderr)?.[1];
  const report = exitCode === 0 ? JSON.parse(await stdout) : null;
  if (report?.deposited !== rows || maxRss === undefined)
    throw new Error(`the import ended with ${exitCode}: ${await stderr}`);
  const figures = {
    rows,
    seconds: Number(seconds.toFixed(1)),
    rowsPerSecond: Math.round(rows / seconds),
    maxRssMiB: Math.round(Number(maxRss) / 1024),
    vaultMiB: Math.round(statSync(vault).size / 1_048_576),
  };
  process.stdout.write(`${JSON.stringify(figures)}\n`);
} finally {
  rmSync(folder, { recursive: true });
}

function rowOf(row: number): string {
  const password = randomRecoveryPassword(randomBytes(16)).text.reveal();
  return `"CN=PC-${row},OU=Desktops,DC=corp,DC=example","${randomUUID()}","${password}","ActiveDirectory"\r\n`;
}
