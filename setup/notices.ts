import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

const LINE = "=".repeat(80);

/**
 * The licenses of what a release carries beside its own code, as one text: Node.js, its library libatomic, and every npm
 * package of which at least one file was bundled. `inputs` are the bundled files' paths below `root`, `node` is the
 * folder of Node's own package.
 */
export function notices(root: string, node: string, inputs: readonly string[]): string {
  const folders = inputs.flatMap((path) => /^(node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(path)?.[1] ?? []);
  const packages = [node, ...[...new Set(folders.sort())].map((folder) => join(root, folder))];
  const parts = packages.map(notice);
  const libatomic =
    "libatomic.so.1 is GCC's, from the package libatomic1 of the distribution that built this release: GPL-3.0 or later " +
    "with the GCC Runtime Library Exception 3.1. Its source is that distribution's source package gcc.\n";
  return [libatomic, ...parts].join(`\n${LINE}\n`);
}

/** A few packages state their license in package.json alone. */
function notice(folder: string): string {
  const { name, version, license } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  const files = readdirSync(folder).filter((file) => /^(licen[cs]e|copying|notice|copyrightnotice)/i.test(file));
  const texts = files.sort().map((file) => readFileSync(join(folder, file), "utf8").trim());
  return [`${name} ${version}: ${license}`, ...texts].join("\n\n").concat("\n");
}
