import { spawn } from "node:child_process";
import { PLATFORM } from "../server/platform/this-platform.ts";
import { selfCommand } from "../server/self-command.ts";
import { type Notice, notice } from "../station/notice.ts";
import type { Screen } from "./screen.ts";

/** The station's terminal, while its vault may have to be unsealed there. */
interface Terminal {
  /** True while somebody is being asked: Ctrl-C then means the question. */
  readonly asking: boolean;
  /** From now on Enter asks for what opens the vault. False if nobody can press it here. */
  offer(): boolean;
  close(): void;
}

/**
 * The question is asked by a process of its own, `breakglass escrow unseal`: stretching a passphrase keeps a processor
 * busy for a second and fills 256 MB, and the station has devices to answer meanwhile. Null where there is no terminal.
 */
export function openTerminal(state: string, screen: Screen, onNotice: (notice: Notice) => void): Terminal | null {
  const { stdin, stdout } = process;
  if (!stdin.isTTY || !stdout.isTTY) return null;
  let asking = false;
  // A terminal that is gone is an end, or EIO: nobody presses Enter there any more.
  stdin.on("error", () => {});
  const onLine = () => {
    stdin.off("data", onLine).pause();
    asking = true;
    screen.hold();
    const [program, ...args] = [...selfCommand(), "escrow", "unseal", "--state", state] as unknown as [
      string,
      ...string[],
    ];
    const done = (code: number | null) => {
      asking = false;
      screen.release();
      if (code !== 0) offer();
    };
    spawn(program, args, { stdio: "inherit" })
      .on("error", () => done(null))
      .on("close", done);
  };
  const offer = () => {
    if (!PLATFORM.inForeground()) return false;
    onNotice(notice("unseal-here", "vault"));
    stdin.on("data", onLine).resume();
    return true;
  };
  // After `bg` a read would stop the whole station (SIGTTIN).
  const onContinue = () => {
    if (!PLATFORM.inForeground()) stdin.off("data", onLine).pause();
  };
  process.on("SIGCONT", onContinue);
  return {
    get asking() {
      return asking;
    },
    offer,
    close() {
      stdin.off("data", onLine).pause();
      process.off("SIGCONT", onContinue);
    },
  };
}
