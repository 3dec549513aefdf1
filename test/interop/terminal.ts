import { existsSync } from "node:fs";
import { ownMounts } from "../../src/drill/lab/own-mounts.ts";

const MULTIPLEXER = "/dev/pts/ptmx";

/**
 * Shell: makes pseudo-terminals where there are none, as in a chroot without /dev/pts. For a mount namespace of one's
 * own; they go when the shell ends.
 */
export const MAKE_TERMINALS = `
if ! [ -e ${MULTIPLEXER} ]; then
  mkdir -p /dev/pts
  mount -t devpts -o newinstance,ptmxmode=0666 devpts /dev/pts
  [ -e /dev/ptmx ] || ln -s pts/ptmx /dev/ptmx
  trap 'umount -l /dev/pts' EXIT
fi
`;

/** The command line that runs this one where it can have a terminal. */
export function withTerminals(argv: readonly string[]): readonly string[] {
  if (existsSync(MULTIPLEXER)) return argv;
  const user = process.getuid?.() === 0 ? [] : ["--user", "--map-root-user"];
  return ["unshare", ...user, ...ownMounts(), "sh", "-ec", `${MAKE_TERMINALS}"$@"`, "sh", ...argv];
}
