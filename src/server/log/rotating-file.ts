import {
  closeSync,
  constants,
  fchownSync,
  fstatSync,
  ftruncateSync,
  lchownSync,
  lstatSync,
  mkdirSync,
  openSync,
  renameSync,
  rmSync,
  writeSync,
} from "node:fs";
import { dirname, join } from "node:path";

const { O_APPEND, O_CREAT, O_NOFOLLOW, O_WRONLY } = constants;

interface RotationLimits {
  /** Bytes of one file. */
  readonly each: number;
  /** Files kept, the one that is written among them. */
  readonly files: number;
}

/**
 * A file that lines are appended to: `NAME.END`, and before it `NAME.1.END`, `NAME.2.END` and so on. Folder 0700, files
 * 0600; no symbolic link is followed. Each line is written whole or not at all, before the call returns.
 */
export class RotatingFile {
  readonly #folder: string;
  readonly #path: (number: number) => string;
  readonly #limits: RotationLimits;
  #file: number | null = null;
  #size = 0;

  constructor(folder: string, name: string, end: string, limits: RotationLimits) {
    this.#folder = folder;
    this.#path = (number) => join(folder, number === 0 ? `${name}.${end}` : `${name}.${number}.${end}`);
    this.#limits = limits;
  }

  /** Throws what the system says; the file is opened again at the next line. */
  append(line: string): void {
    const bytes = Buffer.from(line, "utf8");
    try {
      this.#file ??= this.#open();
      if (this.#size > 0 && this.#size + bytes.length > this.#limits.each) this.#rotate();
      const written = writeSync(this.#file!, bytes);
      if (written < bytes.length) {
        ftruncateSync(this.#file!, this.#size);
        throw Object.assign(new Error("no space left on device"), { code: "ENOSPC" });
      }
      this.#size += written;
    } catch (error) {
      this.close();
      throw error;
    }
  }

  close(): void {
    const file = this.#file;
    this.#file = null;
    try {
      if (file !== null) closeSync(file);
    } catch {}
  }

  #open(): number {
    makeFolder(this.#folder);
    const file = openSync(this.#path(0), O_WRONLY | O_APPEND | O_CREAT | (O_NOFOLLOW ?? 0), 0o600);
    try {
      const status = fstatSync(file);
      if (!status.isFile()) throw Object.assign(new Error("it is no file"), { code: "EINVAL" });
      const { uid, gid } = lstatSync(this.#folder);
      if (process.getuid?.() === 0 && (status.uid !== uid || status.gid !== gid)) fchownSync(file, uid, gid);
      this.#size = status.size;
      return file;
    } catch (error) {
      closeSync(file);
      throw error;
    }
  }

  #rotate(): void {
    this.close();
    rmSync(this.#path(this.#limits.files - 1), { force: true });
    for (let number = this.#limits.files - 2; number >= 0; number -= 1)
      try {
        renameSync(this.#path(number), this.#path(number + 1));
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
      }
    this.#file = this.#open();
  }
}

/** As its parent's owner has it: `serve` runs as root, often in a folder of the operator's own. */
function makeFolder(folder: string): void {
  const there = lstatSync(folder, { throwIfNoEntry: false });
  if (there?.isDirectory()) return;
  if (there !== undefined) throw Object.assign(new Error("it is no folder"), { code: "ENOTDIR" });
  mkdirSync(folder, { mode: 0o700 });
  const { uid, gid } = lstatSync(dirname(folder));
  if (process.getuid?.() === 0) lchownSync(folder, uid, gid);
}
