import type { Turn } from "./queue.ts";
import { BootFile, type BootSource, httpUrl } from "./source.ts";

type Waiting = Extract<Turn, { turn: false }>;

/** What the screen of a waiting device says. */
function lines({ position, of, seconds, minutes }: Waiting): readonly string[] {
  const before = position === 1 ? "It is next." : `${position - 1} before it.`;
  const time = minutes === null ? "" : ` About ${minutes === 1 ? "a minute" : `${minutes} minutes`} more.`;
  return [
    "breakglass: this device waits for its turn. Nothing is wrong, and nothing was changed on it.",
    `Place ${position} of ${of}: ${before}${time}`,
    `It asks again by itself in ${seconds} s. Leave it on.`,
  ];
}

/**
 * The GRUB script of a device that waits. The first of them asks for the script again and again; each later one is read
 * by that loop (`source` shares its variables), so it only shows its lines and names the next pause. A script that read
 * its successor at its own end would nest one level deeper with every answer. The one that says `boot` ends the loop.
 */
export function grubWaitScript(waiting: Waiting): string {
  return [
    "set timeout=0",
    "clear",
    ...lines(waiting).map((line) => `echo "${line}"`),
    `set pause=${waiting.seconds}`,
    'if [ "$waits" != yes ]; then',
    "  set waits=yes",
    "  while true; do",
    "    sleep $pause",
    // From where GRUB itself was loaded, over TFTP or HTTP.
    "    source $prefix/grub.cfg",
    "  done",
    "fi",
    "",
  ].join("\n");
}

/** The iPXE script of a device that waits; `--replace` ends it before the next one begins. */
export function ipxeWaitScript(source: BootSource, waiting: Waiting): string {
  return [
    "#!ipxe",
    ...lines(waiting).map((line) => `echo ${line}`),
    ":again",
    `sleep ${waiting.seconds}`,
    `chain --replace ${httpUrl(source, BootFile.ipxeScript)} || goto again`,
    "",
  ].join("\n");
}
