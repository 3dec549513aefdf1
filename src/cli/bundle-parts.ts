import { constants, createReadStream, lstatSync, openSync, readdirSync, readFileSync, statfsSync } from "node:fs";
import { hostname, release, tmpdir, totalmem, version } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { isSea } from "node:sea";
import { IMAGE_ARCHITECTURES } from "../image/architecture.ts";
import { MANIFEST } from "../image/manifest.ts";
import { withoutWithheld } from "../ledger/events/withheld.ts";
import { openLedger } from "../ledger/open-ledger.ts";
import { readThrough } from "../ledger/read-through.ts";
import { DATABASE_VERSION } from "../ledger/store-file.ts";
import { PLATFORM } from "../server/platform/this-platform.ts";
import { VERSION } from "../wire/version.ts";
import { clockDoubtOf } from "./clock.ts";
import { imageFolder } from "./program-file.ts";
import { fileCause } from "./read-file.ts";
import type { StateFolder } from "./state.ts";
import { statusNow } from "./status.ts";

/** One line of a support bundle (ADR 0044). */
type BundleLine = { readonly part: string } & Readonly<Record<string, unknown>>;

/** All lines in their order. What cannot be read is a line with `trouble`, and ends nothing. */
export async function* bundleLines(folder: StateFolder): AsyncGenerator<BundleLine> {
  const parts: Readonly<Record<string, () => AsyncIterable<object> | Iterable<object>>> = {
    about: () => [about()],
    platform: () => [{ name: PLATFORM.name, cannot: PLATFORM.cannot }],
    space: () => [folder.folder, tmpdir()].map(space),
    folder: () => listed(folder.folder, ""),
    image: manifests,
    clock: () => clock(folder),
    status: () => status(folder),
    log: () => logLines(folder.log),
    ledger: () => entries(folder),
  };
  for (const [part, lines] of Object.entries(parts))
    try {
      for await (const line of lines()) yield { part, ...line };
    } catch (error) {
      yield { part, trouble: fileCause(error) };
    }
}

function about(): object {
  const { version: node, arch, versions, platform } = process;
  return {
    ...{ format: "breakglass-support-bundle", version: 1, at: new Date().toISOString(), station: hostname() },
    ...{ breakglass: VERSION, packaged: isSea(), node, openssl: versions.openssl, database: DATABASE_VERSION },
    ...{ platform, arch, kernel: release(), os: version(), uid: process.getuid?.() ?? null },
    memory: { total: totalmem(), available: PLATFORM.availableBytes() },
    zone: Intl.DateTimeFormat().resolvedOptions().timeZone,
  };
}

function space(path: string): object {
  try {
    const { bavail, blocks, bsize } = statfsSync(path);
    return { path, free: bavail * bsize, total: blocks * bsize };
  } catch (error) {
    return { path, trouble: fileCause(error) };
  }
}

/** Names, sizes, modes and owners; nothing is opened, no link is followed. */
function* listed(folder: string, below: string): Generator<object> {
  for (const name of readdirSync(join(folder, below)).sort()) {
    const path = join(below, name);
    const status = lstatSync(join(folder, path), { throwIfNoEntry: false });
    if (status === undefined) continue;
    const { size, mode, uid, gid, mtime } = status;
    yield { path, size, mode: mode.toString(8), uid, gid, changed: mtime.toISOString() };
    if (status.isDirectory()) yield* listed(folder, path);
  }
}

function* manifests(): Generator<object> {
  for (const architecture of IMAGE_ARCHITECTURES) {
    const path = join(imageFolder(architecture), MANIFEST);
    try {
      yield { path, manifest: JSON.parse(readFileSync(path, "utf8")) as unknown };
    } catch (error) {
      yield { path, trouble: fileCause(error) };
    }
  }
}

function toLookAt({ ledger }: StateFolder) {
  return openLedger(ledger, { station: hostname(), clock: Date.now, evenIfBroken: true });
}

async function* clock(folder: StateFolder): AsyncGenerator<object> {
  const ledger = await toLookAt(folder);
  try {
    yield { now: new Date().toISOString(), doubt: await clockDoubtOf(ledger) };
  } finally {
    await ledger.close();
  }
}

async function* status({ folder }: StateFolder): AsyncGenerator<object> {
  yield { status: await statusNow({ state: folder }) };
}

/** The files that StationLog writes, the oldest first, and no others. */
async function* logLines(folder: string): AsyncGenerator<object> {
  if (!lstatSync(folder).isDirectory()) throw Object.assign(new Error(), { code: "ENOTDIR" });
  const names = readdirSync(folder).filter((name) => /^station(\.\d+)?\.(jsonl|log)$/.test(name));
  for (const file of names.sort((one, other) => age(other) - age(one))) {
    try {
      const fd = openSync(join(folder, file), constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0));
      const input = createReadStream("", { fd, encoding: "utf8" });
      for await (const line of createInterface({ input })) yield { file, line: parsed(line) };
    } catch (error) {
      yield { file, trouble: fileCause(error) };
    }
  }
}

const age = (name: string) => Number(/\.(\d+)\./.exec(name)?.[1] ?? 0);

function parsed(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return line;
  }
}

async function* entries(folder: StateFolder): AsyncGenerator<object> {
  const ledger = await toLookAt(folder);
  try {
    for await (const page of readThrough(ledger))
      if ("why" in page) yield { unreadable: page };
      else for (const entry of page) yield { entry: withoutWithheld(entry) };
    yield { integrity: await ledger.integrity() };
  } finally {
    await ledger.close();
  }
}
