import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ExitCode, OperatorError } from "../wire/operator-error.ts";
import type { Mirror, SourceText } from "./mirror.ts";
import type { Recipe } from "./recipe.ts";

/** The two spellings of Debian's own keyring: with the newer one apt verifies by sqv, with the older one by gpgv. */
const KEYRINGS = ["/usr/share/keyrings/debian-archive-keyring.pgp", "/usr/share/keyrings/debian-archive-keyring.gpg"];

/** @throws OperatorError if this machine cannot verify Debian's signatures. */
export function archiveKeyring(): string {
  const found = KEYRINGS.find((path) => existsSync(path));
  if (found !== undefined) return found;
  throw new OperatorError(
    "This machine has no keyring of Debian's archive, so the image's packages could not be verified. Nothing was built.",
    "Install the package debian-archive-keyring.",
    ExitCode.environment,
  );
}

/** What the machine's own apt reads: /etc/apt/sources.list and the files beside it. */
export function machineSources(folder = "/etc/apt"): SourceText[] {
  const parts = join(folder, "sources.list.d");
  const names = existsSync(parts)
    ? readdirSync(parts)
        .sort()
        .filter((name) => /\.(list|sources)$/.test(name))
    : [];
  const paths = [join(folder, "sources.list"), ...names.map((name) => join(parts, name))];
  return paths.filter((path) => existsSync(path)).map((path) => ({ name: path, text: readFileSync(path, "utf8") }));
}

/**
 * Writes an apt of its own into `folder`: own sources, lists and cache, no installed packages; of the machine's
 * configuration only how to reach mirrors (proxies, logins) stays. Gives the arguments that make apt use it.
 */
export function writeAptConfiguration(folder: string, recipe: Recipe, mirror: Mirror, keyring: string): string[] {
  const path = (name: string) => join(folder, name);
  for (const name of ["state/lists/partial", "cache/archives/partial", "sources"])
    mkdirSync(path(name), { recursive: true });
  writeFileSync(path("status"), "");
  writeFileSync(path("sources/debian.sources"), sourcesText(recipe, mirror, keyring));
  const settings = {
    "Dir::Etc::SourceList": "/dev/null",
    "Dir::Etc::SourceParts": path("sources"),
    "Dir::Etc::Preferences": "/dev/null",
    "Dir::Etc::PreferencesParts": "/dev/null",
    "Dir::State": path("state"),
    "Dir::State::status": path("status"),
    "Dir::Cache": path("cache"),
    "APT::Architecture": recipe.architecture,
    "APT::Get::AllowUnauthenticated": "false",
    "Acquire::AllowInsecureRepositories": "false",
    "Acquire::Languages": "none",
    // Without it an archive that does not answer (that of the security updates, say) is passed over in silence.
    "APT::Update::Error-Mode": "any",
    // Without it the digest printed for a package is whichever comes first in the index, if any.
    "Acquire::ForceHash": "SHA256",
    // This folder is not the _apt user's to read; there is nothing to gain from that user here.
    "APT::Sandbox::User": "",
  };
  const lines = Object.entries(settings).map(([key, value]) => `${key} "${value}";`);
  // The machine's hooks belong to its own updates (clearing caches, desktop catalogues).
  const hooks = [
    "APT::Architectures",
    "APT::Update::Pre-Invoke",
    "APT::Update::Post-Invoke",
    "APT::Update::Post-Invoke-Success",
  ];
  writeFileSync(path("apt.conf"), `${[...hooks.map((key) => `#clear ${key};`), ...lines].join("\n")}\n`);
  return ["-c", path("apt.conf")];
}

function sourcesText({ suites, architecture }: Recipe, mirror: Mirror, keyring: string): string {
  const isSecurity = (suite: string) => suite.endsWith("-security");
  const stanza = (uri: string, names: readonly string[]) =>
    [
      "Types: deb",
      `URIs: ${uri}`,
      `Suites: ${names.join(" ")}`,
      "Components: main",
      `Architectures: ${architecture}`,
      `Signed-By: ${keyring}`,
      "",
    ].join("\n");
  const main = stanza(
    mirror.main,
    suites.filter((suite) => !isSecurity(suite)),
  );
  const security = suites.filter(isSecurity);
  return mirror.security === null || security.length === 0 ? main : `${main}\n${stanza(mirror.security, security)}`;
}
