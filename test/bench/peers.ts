import { existsSync, mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { run } from "../../src/drill/lab/program.ts";

/**
 * Unpacks Debian packages beside the system, below `folder`: atftpd and tftpd-hpa cannot both be installed, and none of
 * them should be started on this machine's own network, as their installation does.
 */
const PACKAGES = ["atftpd", "tftpd-hpa", "libwrap0", "nginx"];

export async function unpackPeers(folder: string): Promise<void> {
  mkdirSync(folder, { recursive: true });
  for (const name of PACKAGES) {
    const stamp = join(folder, `.${name}`);
    if (existsSync(stamp)) continue;
    await must(["sh", "-euc", 'cd "$1"; apt-get -q download "$2"', "sh", folder, name]);
    const archive = readdirSync(folder).find((file) => file.startsWith(`${name}_`))!;
    await must(["dpkg-deb", "-x", join(folder, archive), folder]);
    mkdirSync(stamp);
  }
}

/** The environment in which the unpacked programs find the unpacked libraries. */
export function librariesOf(folder: string): Record<string, string> {
  const below = ["lib", "usr/lib"].map((lib) => join(folder, lib));
  const triplets = below.flatMap((lib) =>
    existsSync(lib) ? readdirSync(lib).flatMap((name) => (name.includes("-linux-gnu") ? [join(lib, name)] : [])) : [],
  );
  return { LD_LIBRARY_PATH: triplets.join(":") };
}

/** Versions of all packages measured or measured with, as Debian names them. */
export async function versions(folder: string): Promise<Record<string, string>> {
  const unpacked = readdirSync(folder).flatMap((file) => {
    const found = /^([a-z0-9-]+)_([^_]+)_/.exec(file);
    return found === null || found[1] === "libwrap0" ? [] : [[found[1]!, decodeURIComponent(found[2]!)] as const];
  });
  // biome-ignore lint/suspicious/noTemplateCurlyInString: dpkg-query's own format
  const installed = await must(["dpkg-query", "-W", "-f=${Version}", "dnsmasq-base"]);
  return Object.fromEntries([...unpacked, ["dnsmasq", installed]]);
}

export async function must(argv: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await run(argv, { timeout: 120_000 });
  if (code !== 0) throw new Error(`${argv.join(" ")}: exit code ${code}: ${stderr.trim()}`);
  return stdout.trim();
}
