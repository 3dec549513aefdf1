// What the single executable runs first. The program is in it as many small modules, each read and compiled when it is
// first imported: to compile all seven megabytes takes longer than most verbs do. They are found under these names alone.
import { createRequire, registerHooks } from "node:module";
import { getAsset, getAssetKeys } from "node:sea";

const HOME = "file:///breakglass/";
const modules = new Map(
  getAssetKeys().flatMap((key) => (key.startsWith("code/") ? [[HOME + key.slice("code/".length), key]] : [])),
);
// The executable's own import() takes Node's modules alone; that of a module which came through these hooks takes ours.
const FIRST = `${HOME}first.cjs`;

registerHooks({
  resolve(specifier, context, next) {
    if (specifier === FIRST) return { url: FIRST, format: "commonjs", shortCircuit: true };
    const url = specifier.startsWith("./") && context.parentURL?.startsWith(HOME) ? HOME + specifier.slice(2) : "";
    return modules.has(url) ? { url, format: "module", shortCircuit: true } : next(specifier, context);
  },
  load(url, context, next) {
    if (url === FIRST) return { format: "commonjs", source: 'import("./main.mjs")', shortCircuit: true };
    const key = modules.get(url);
    if (key === undefined) return next(url, context);
    return { format: "module", source: getAsset(key, "utf8"), shortCircuit: true };
  },
});
createRequire(HOME)(FIRST);
