// `npm run package`: the release for Linux on x64, a folder with one executable that needs no Node.
// Usage: package.ts [--out DIR]. Runs on the pinned Node, whose own version ends up in the executable.
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { build } from "esbuild";
import { assetNames } from "../src/image/assets.ts";
import { notices } from "./notices.ts";

const root = join(import.meta.dirname, "..");
/** The pinned Node, in its platform package. It writes the executable, too: the versions have to be the same. */
const NODE = process.execPath;

// CommonJS packages in the bundle ask `require` for Node's own modules. It finds nothing else, so that no folder
// node_modules that happens to be beside the executable is ever looked into. Nor have they a folder of their own: ssh2
// names a file for Windows' Pageant by it, which is never used.
const BANNER = `const require = (name) => {
  const found = process.getBuiltinModule(name);
  if (found !== undefined) return found;
  throw Object.assign(new Error("Cannot find module '" + name + "'"), { code: "MODULE_NOT_FOUND" });
};
const __dirname = "/";`;

/** What the executable runs first. */
const START = "release-start.mjs";

/**
 * Bundles src/cli/main.ts and all it imports into `outdir`: ES modules, cut where a verb is loaded when it is asked for.
 * Gives the paths of what went in.
 */
async function bundle(outdir: string): Promise<string[]> {
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints: ["src/cli/main.ts"],
    outdir,
    outExtension: { ".js": ".mjs" },
    bundle: true,
    splitting: true,
    platform: "node",
    format: "esm",
    target: `node${process.versions.node}`,
    banner: { js: BANNER },
    // ssh2 would look for native code and a Windows program beside the executable. It does without them.
    external: ["cpu-features", "*.node"],
    define: { __dirname: JSON.stringify("/nowhere") },
    metafile: true,
    logLevel: "warning",
  });
  return Object.keys(metafile.inputs);
}

/**
 * Writes the executable: Node itself with the program's modules and the files of pxe/ inside. V8's code cache would save
 * some more of each start, but differs from build to build.
 */
function makeExecutable(folder: string, modules: string, output: string): void {
  const config = {
    // This name, as it stands here, becomes part of the executable.
    main: START,
    mainFormat: "module",
    executable: NODE,
    output,
    disableExperimentalSEAWarning: true,
    useSnapshot: false,
    useCodeCache: false,
    // NODE_OPTIONS is for whoever runs Node, and could load code into this.
    execArgvExtension: "none",
    // SIGUSR1 would open a debugger's port, through which another user of the station reads its memory.
    // What Node calls experimental (node:ffi) is pinned here, and no operator's concern.
    execArgv: ["--disable-sigusr1", "--disable-warning=ExperimentalWarning"],
    assets: Object.fromEntries([
      ...assetNames("pxe").map((name) => [name, join(root, name)]),
      ...readdirSync(modules)
        .sort()
        .map((name) => [`code/${name}`, join(modules, name)]),
    ]),
  };
  copyFileSync(join(root, "setup", START), join(folder, START));
  writeFileSync(join(folder, "sea.json"), JSON.stringify(config, null, 2));
  run(NODE, ["--build-sea", "sea.json"], folder);
  // Only now: --build-sea damages an executable whose sections patchelf has moved. Node for Linux needs libatomic, which
  // few machines have; libstdc++ and libgcc_s come with apt itself and are newer where glibc is.
  run("patchelf", ["--set-rpath", "$ORIGIN/lib", output], folder);
  chmodSync(output, 0o755);
}

/** Where this machine has the library that its loader gives to Node. */
function libraryOfNode(soname: string): string {
  const line = new RegExp(`^\\s*${soname.replaceAll(".", "\\.")} => (\\S+)`, "m").exec(run("ldd", [NODE], root));
  if (line === null) throw new Error(`ldd does not say where ${soname} is`);
  return line[1]!;
}

function run(program: string, args: readonly string[], cwd: string): string {
  return execFileSync(program, args, { cwd, encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] });
}

/** In the format of sha256sum(1), for `sha256sum -c SHA256SUMS`. */
function sums(folder: string, names: readonly string[]): string {
  const digest = (name: string) =>
    createHash("sha256")
      .update(readFileSync(join(folder, name)))
      .digest("hex");
  return names.map((name) => `${digest(name)}  ${name}\n`).join("");
}

/** Builds the release into `out`, which is replaced in one step. The same sources and packages give the same bytes. */
async function makeRelease(out: string): Promise<string> {
  mkdirSync(dirname(out), { recursive: true });
  const work = mkdtempSync(join(dirname(out), ".release-"));
  try {
    const release = join(work, "release");
    mkdirSync(join(release, "lib"), { recursive: true });
    const modules = join(work, "code");
    const inputs = await bundle(modules);
    makeExecutable(work, modules, join(release, "breakglass"));
    const library = "lib/libatomic.so.1";
    copyFileSync(libraryOfNode(basename(library)), join(release, library));
    chmodSync(join(release, library), 0o644);
    copyFileSync(join(root, "LICENSE"), join(release, "LICENSE"));
    writeFileSync(join(release, "third-party-licenses.txt"), notices(root, dirname(dirname(NODE)), inputs));
    const digests = sums(release, ["LICENSE", "breakglass", library, "third-party-licenses.txt"]);
    writeFileSync(join(release, "SHA256SUMS"), digests);
    rmSync(out, { recursive: true, force: true });
    renameSync(release, out);
    return digests;
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

if (process.platform !== "linux" || process.arch !== "x64") {
  process.stderr.write("package: the release is built on Linux x64 only, for the time being\n");
  process.exit(4);
}
const { values } = parseArgs({
  options: { out: { type: "string", default: join(root, "build", "release", "breakglass-linux-x64") } },
});
const out = resolve(values.out);
process.umask(0o022);
const began = performance.now();
process.stdout.write(await makeRelease(out));
process.stdout.write(`package: ${out} in ${((performance.now() - began) / 1000).toFixed(1)} s\n`);
