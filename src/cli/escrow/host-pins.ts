import { appendFileSync, chmodSync, existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { formatHostPin, type HostKey, type HostPins, parseHostPins } from "../../sync/host-pin.ts";
import { ExitCode, OperatorError } from "../../wire/operator-error.ts";
import { fileCause } from "../read-file.ts";
import type { StateFolder } from "../state.ts";

/** Where `--trust-first` keeps the host keys it took: in the state folder, one line each. */
function hostPinsFile({ folder }: StateFolder): string {
  return join(folder, "sftp-host-keys");
}

export function readHostPins(state: StateFolder): HostPins {
  const file = hostPinsFile(state);
  return existsSync(file) ? parseHostPins(withCause(file, "read", () => readFileSync(file, "utf8"))) : new Map();
}

export function addHostPin(state: StateFolder, server: string, key: HostKey): void {
  const file = hostPinsFile(state);
  withCause(file, "written", () => {
    appendFileSync(file, formatHostPin(server, key), { mode: 0o600, flush: true });
    chmodSync(file, 0o600);
  });
}

function withCause<T>(file: string, done: string, act: () => T): T {
  try {
    return act();
  } catch (error) {
    throw new OperatorError(
      `The host keys in ${file} cannot be ${done}: ${fileCause(error)}. Nothing was fetched.`,
      "Put that right, or name the key with --host-key.",
      ExitCode.environment,
    );
  }
}
