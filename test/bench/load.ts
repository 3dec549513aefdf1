import { join } from "node:path";
import { run } from "../../src/drill/lab/program.ts";

export interface Load {
  readonly server: string;
  readonly port: number;
  /** The name to ask for, and the file whose bytes must come. */
  readonly name: string;
  readonly file: string;
  readonly devices: number;
  /** The first device's address; the others have the following ones. */
  readonly firstAddress: string;
  readonly blockSize: number;
  readonly windowSize: number;
  readonly lostPermille: number;
  readonly seconds: number;
}

/** What load.c prints. */
export interface Loaded {
  readonly seconds: number;
  /** Of files, each compared with what it should be. */
  readonly bytes: number;
  readonly finished: number;
  readonly unfinished: number;
  readonly received: number;
  readonly lost: number;
  readonly sent: number;
  readonly mostAtOnce: number;
}

export async function compileLoad(program: string): Promise<void> {
  const { code, stderr } = await run(["gcc", "-O2", "-Wall", "-o", program, join(import.meta.dirname, "load.c")]);
  if (code !== 0) throw new Error(`gcc: ${stderr}`);
}

/** `command` runs the compiled program; rejects if a byte was wrong. */
export async function runLoad(command: readonly string[], load: Load): Promise<Loaded> {
  const { server, port, name, file, devices, firstAddress, blockSize, windowSize, lostPermille, seconds } = load;
  const numbers = [blockSize, windowSize, lostPermille, seconds];
  const argv = [server, port, name, file, devices, firstAddress, ...numbers].map(String);
  const { code, stdout, stderr } = await run([...command, ...argv], { timeout: (seconds + 10) * 1000 });
  if (code !== 0) throw new Error(`${server} ${argv.join(" ")}: ${stderr.trim() || `exit code ${code}`}`);
  return JSON.parse(stdout);
}
