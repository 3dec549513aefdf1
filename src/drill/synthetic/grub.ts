import { BootFailed } from "./comparison.ts";

/** What a boot script makes GRUB do: load these files from the station, or wait and read the script again. */
type ScriptStep = { readonly kernel: string; readonly initrds: readonly string[] } | { readonly pauseSeconds: number };

/** Reads as much of GRUB's language as the station's scripts have. */
export function readScript(text: string): ScriptStep {
  const pause = /^set pause=([0-9]+)$/m.exec(text)?.[1];
  if (pause !== undefined) return { pauseSeconds: Number(pause) };
  const files = (command: string) => {
    const line = new RegExp(`^${command} (.*)$`, "m").exec(text)?.[1] ?? "";
    return [...line.matchAll(/\(http,[^)]+\)\/(\S+)/g)].map(([, path]) => path!);
  };
  const [kernel] = files("linux");
  const initrds = files("initrd");
  if (kernel === undefined || initrds.length === 0) throw new BootFailed("a boot script that loads nothing");
  return { kernel, initrds };
}
