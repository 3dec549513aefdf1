import { existsSync, mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { run } from "../../src/drill/lab/program.ts";
import { must } from "./peers.ts";
import type { ProgramLoad, ProgramRow } from "./program-row.ts";
import type { RowResult, Sample } from "./rows.ts";

/** Longer than any of it takes on a slow laptop. */
const TIMEOUT = 3_600_000;

/**
 * One row's programs in turn, `rounds` times, each in a folder of its own below `folder`, which is gone
 * afterwards. They need neither a network nor root.
 */
export async function measurePrograms(row: ProgramRow, rounds: number, folder: string): Promise<RowResult> {
  rmSync(folder, { recursive: true, force: true });
  const servers: Record<string, Sample[]> = Object.fromEntries(row.loads.map(({ server }) => [server, []]));
  for (let round = 0; round < rounds; round++)
    for (const load of row.loads) servers[load.server]!.push(await once(load, folder));
  rmSync(folder, { recursive: true, force: true });
  return { row, servers };
}

async function once({ server, script, argv, take }: ProgramLoad, folder: string): Promise<Sample> {
  const own = join(folder, server.replace(/\W/g, "-"));
  mkdirSync(own, { recursive: true });
  const command = [process.execPath, join(import.meta.dirname, script), ...argv(own)];
  const { code, stdout, stderr } = await run(command, { timeout: TIMEOUT });
  if (code !== 0) throw new Error(`${command.join(" ")}: exit code ${code}: ${stderr.trim()}`);
  return take(JSON.parse(stdout.trim().split("\n").at(-1)!));
}

/** Rows whose programs are all there. */
export function isThere({ loads }: ProgramRow): boolean {
  return loads.every(({ script }) => existsSync(join(import.meta.dirname, script)));
}

/** Versions of what was measured with. */
export async function programVersions(): Promise<Record<string, string>> {
  const python = (await must(["python3", "--version"])).replace(/^Python /, "");
  return {
    node: process.versions.node,
    sqlite: process.versions.sqlite!,
    age: await must(["age", "--version"]),
    python,
  };
}
