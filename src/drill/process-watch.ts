import { readdirSync, readFileSync } from "node:fs";

/**
 * Samples the command line and the environment of every process of the lab, as any user of a real station could read
 * the command lines. Gives a function that ends it and returns what was seen, one per line. Of an environment it is
 * what a process was given beside this one's own variables: those are the operator's, and nobody else's business.
 */
export function watchProcesses(interval = 300): () => string {
  const seen = new Set<string>();
  const inherited = new Set(Object.entries(process.env).map(([name, value]) => `${name}=${value}`));
  const sample = () => {
    for (const pid of readdirSync("/proc").filter((name) => /^[0-9]+$/.test(name))) {
      const argv = strings(pid, "cmdline");
      const given = strings(pid, "environ").filter((variable) => !inherited.has(variable));
      if (argv.length > 0) seen.add(`cmdline: ${argv.join(" ")}`);
      if (given.length > 0) seen.add(`environ: ${given.join(" ")}`);
    }
  };
  const timer = setInterval(sample, interval);
  return () => {
    clearInterval(timer);
    sample();
    return `${[...seen].join("\n")}\n`;
  };
}

/** The NUL-terminated strings of a file of /proc; none if the process ended between the listing and the look. */
function strings(pid: string, file: "cmdline" | "environ"): string[] {
  try {
    return readFileSync(`/proc/${pid}/${file}`, "utf8")
      .split("\0")
      .filter((text) => text !== "");
  } catch {
    return [];
  }
}
