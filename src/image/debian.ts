import { createHash } from "node:crypto";
import {
  createReadStream,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
} from "node:fs";
import { join, resolve } from "node:path";
import { pipeline } from "node:stream/promises";
import { ExitCode, OperatorError } from "../wire/operator-error.ts";
import { archiveKeyring, machineSources, writeAptConfiguration } from "./apt.ts";
import { findMirror } from "./mirror.ts";
import { writeOwnFile } from "./own-file.ts";
import { ProgramError, runProgram } from "./program.ts";
import type { Recipe } from "./recipe.ts";

/** A binary package at one version, and the digest that Debian's signed index gives it. */
export interface DebianPackage {
  readonly name: string;
  readonly version: string;
  readonly architecture: string;
  readonly sha256: string;
}

/** A package whose files are at hand. */
export interface UnpackedPackage extends DebianPackage {
  readonly folder: string;
}

interface FetchOptions {
  readonly cache: string;
  /** The address of a Debian mirror; null: that of the machine's own apt. */
  readonly mirror: string | null;
  /** Ask the mirror for newer versions, though the cache has a complete set. */
  readonly update: boolean;
  readonly log: (line: string) => void;
}

/**
 * The packages of a recipe, unpacked below `cache`. The first call asks the mirror, and apt verifies its signatures;
 * later calls take the same versions from the cache, without the network, until `update`.
 * @throws OperatorError when the mirror, its keyring or a package is not to be had.
 */
export async function fetchPackages(recipe: Recipe, options: FetchOptions): Promise<UnpackedPackage[]> {
  mkdirSync(join(options.cache, "packages"), { recursive: true });
  const list = join(options.cache, `resolved-${recipeKey(recipe)}.json`);
  const cached = options.update ? null : readResolved(list);
  const packages = cached?.every((each) => existsSync(debPath(options.cache, each))) ? cached : null;
  const resolved = packages ?? (await resolveAndDownload(recipe, options));
  if (packages === null) writeWhole(list, `${JSON.stringify(resolved, null, 1)}\n`);
  const unpacked: UnpackedPackage[] = [];
  for (const each of resolved) unpacked.push({ ...each, folder: await unpack(options.cache, each) });
  return unpacked;
}

/** Recipes that want the same packages share what was resolved for them, and so have the same kernel. */
function recipeKey({ suites, architecture, kernel, packages }: Recipe): string {
  const text = JSON.stringify([suites, architecture, kernel, packages]);
  return createHash("sha256").update(text).digest("hex").slice(0, 16);
}

function readResolved(path: string): DebianPackage[] | null {
  return existsSync(path) ? (JSON.parse(readFileSync(path, "utf8")) as DebianPackage[]) : null;
}

async function resolveAndDownload(recipe: Recipe, { cache, mirror, log }: FetchOptions): Promise<DebianPackage[]> {
  const keyring = archiveKeyring();
  const addresses = findMirror(machineSources(), mirror);
  // apt takes a relative path for one below the root folder.
  const folder = mkdtempSync(join(resolve(cache), "apt-"));
  try {
    const apt = writeAptConfiguration(folder, recipe, addresses, keyring);
    log(`asking the Debian mirror for ${recipe.suites.join(", ")}`);
    await askMirror(addresses.main, () => runProgram("apt-get", [...apt, "update", "-q"], { debianPackage: "apt" }));
    const kernel = newestKernel(
      await runProgram("apt-cache", [...apt, "show", recipe.kernel], { debianPackage: "apt" }),
    );
    const names = [...recipe.packages, kernel];
    const printed = await askMirror(addresses.main, () =>
      runProgram("apt-get", [...apt, "download", "--print-uris", ...names], { debianPackage: "apt" }),
    );
    const packages = parseUris(printed);
    const absent = packages.filter((each) => !existsSync(debPath(cache, each)));
    if (absent.length > 0) {
      log(`downloading ${absent.length} packages`);
      const wanted = absent.map(({ name, version }) => `${name}=${version}`);
      await askMirror(addresses.main, () =>
        runProgram("apt-get", [...apt, "download", "-q", ...wanted], { cwd: folder, debianPackage: "apt" }),
      );
      await adopt(folder, cache, absent);
    }
    return packages;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function askMirror<T>(address: string, question: () => Promise<T>): Promise<T> {
  try {
    return await question();
  } catch (error) {
    if (!(error instanceof ProgramError)) throw error;
    throw new OperatorError(
      `The Debian mirror ${address} did not give the image's packages: ${error.message}. Nothing was built.`,
      "Is the network up? Another mirror: --mirror URL, or $BREAKGLASS_MIRROR. A key it does not know: a newer debian-archive-keyring.",
      ExitCode.environment,
    );
  }
}

/** The kernel package that the meta package depends on. */
function newestKernel(shown: string): string {
  const depends = /^Depends: (.*)$/m.exec(shown)?.[1] ?? "";
  const kernel = /\b(linux-image-[0-9][a-z0-9+.-]*)/.exec(depends)?.[1];
  if (kernel === undefined) throw new Error(`no kernel among the dependencies "${depends}"`);
  return kernel;
}

/** The lines of `apt-get download --print-uris`: 'address' file size SHA256:digest. */
export function parseUris(printed: string): DebianPackage[] {
  const lines = printed.split("\n").filter((line) => line.startsWith("'"));
  const packages = lines.map((line) => {
    const match = /^'[^']*' ([^_ ]+)_([^_ ]+)_([a-z0-9]+)\.deb \d+ SHA256:([0-9a-f]{64})$/.exec(line);
    if (match === null) throw new Error(`apt-get --print-uris said: ${line}`);
    const [, name, version, architecture, sha256] = match as unknown as [string, string, string, string, string];
    return { name, version: decodeURIComponent(version), architecture, sha256 };
  });
  return packages.sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** Moves downloaded packages to their place in the cache, each under the digest that it was resolved with. */
async function adopt(folder: string, cache: string, packages: readonly DebianPackage[]): Promise<void> {
  for (const file of readdirSync(folder).filter((name) => name.endsWith(".deb"))) {
    const path = join(folder, file);
    const digest = await fileSha256(path);
    const found = packages.find(({ sha256 }) => sha256 === digest);
    if (found !== undefined) renameSync(path, debPath(cache, found));
  }
  const missing = packages.filter((each) => !existsSync(debPath(cache, each))).map(({ name }) => name);
  if (missing.length > 0) throw new Error(`downloaded, but with another digest than the signed index: ${missing}`);
}

async function unpack(cache: string, each: DebianPackage): Promise<string> {
  const folder = join(cache, "packages", each.sha256);
  if (existsSync(folder)) return folder;
  const deb = debPath(cache, each);
  if ((await fileSha256(deb)) !== each.sha256) throw new Error(`${deb} changed on disk; delete it and build again`);
  const fresh = mkdtempSync(join(cache, "unpack-"));
  await runProgram("dpkg-deb", ["-x", deb, fresh], { debianPackage: "dpkg" });
  try {
    renameSync(fresh, folder);
  } catch (error) {
    // Another build unpacked the same package meanwhile.
    rmSync(fresh, { recursive: true, force: true });
    if (!existsSync(folder)) throw error;
  }
  return folder;
}

function debPath(cache: string, { sha256 }: DebianPackage): string {
  return join(cache, "packages", `${sha256}.deb`);
}

export async function fileSha256(path: string): Promise<string> {
  const hash = createHash("sha256");
  await pipeline(createReadStream(path), hash);
  return hash.digest("hex");
}

function writeWhole(path: string, text: string): void {
  const part = `${path}.${process.pid}`;
  writeOwnFile(part, text);
  renameSync(part, path);
}
