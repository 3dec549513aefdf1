import { decodeEntry, type Entry, type RawEntry } from "../../ledger/entry.ts";
import type { LabNode } from "./network.ts";
import type { Program } from "./program.ts";

interface StationSetup {
  readonly node: LabNode;
  /** The command line of this very program. */
  readonly self: readonly string[];
  readonly state: string;
  /** One folder for each architecture. */
  readonly images: readonly string[];
  /** More of `serve`'s options: what firmware and network ask for. */
  readonly serve: readonly string[];
  readonly passphrase: string;
  /** Where its output goes; one file per start. */
  readonly log: string;
}

type Line = { entry?: RawEntry; ready?: unknown; counters?: Record<string, unknown> };

/** The station of the lab: `breakglass serve` as on any LAN, watched through the JSON lines it prints. */
export class Station {
  /** Every ledger entry it showed, in order, each once, over all its starts. */
  readonly entries: Entry[] = [];
  counters: Record<string, unknown> = {};
  readonly logs: string[] = [];
  readonly #setup: StationSetup;
  readonly #watchers = new Set<() => void>();
  #program: Program | null = null;
  #ready = false;

  constructor(setup: StationSetup) {
    this.#setup = setup;
  }

  /** Starts it; null when all its sockets are bound, else its last words. */
  async start(timeout = 30_000): Promise<string | null> {
    const { node, self, state, images, serve, passphrase, log } = this.#setup;
    const options = [
      ...["--interface", node.interface, "--state", state, ...images.flatMap((image) => ["--image", image])],
      ...[...serve, "--passphrase-fd", "3", "--json"],
    ];
    const file = `${log}-${this.logs.length + 1}.jsonl`;
    this.logs.push(file);
    this.#ready = false;
    const program = node.start([...self, "serve", ...options], { log: file, fd3: `${passphrase}\n` });
    this.#program = program;
    program.onLine((line) => this.#take(line));
    await program.waitFor(() => (this.#ready ? true : null), timeout);
    return this.#ready ? null : `${program.lines.slice(-8).join("\n")} (exit code ${program.exitCode})`;
  }

  /** As a power cut would: nothing is tidied up. */
  async kill(): Promise<void> {
    await this.#program?.stop(0);
  }

  async stop(): Promise<void> {
    await this.#program?.stop(5000);
  }

  get running(): boolean {
    return this.#program?.exitCode === null;
  }

  /** The first entry that fits, now or within `timeout` milliseconds; null if there is none. Lives through restarts. */
  waitFor<Found extends Entry>(
    fits: (entry: Entry) => entry is Found,
    timeout: number,
    signal?: AbortSignal,
  ): Promise<Found | null>;
  waitFor(fits: (entry: Entry) => boolean, timeout: number, signal?: AbortSignal): Promise<Entry | null>;
  waitFor(fits: (entry: Entry) => boolean, timeout: number, signal?: AbortSignal): Promise<Entry | null> {
    return new Promise((resolve) => {
      const done = (entry: Entry | null) => {
        clearTimeout(timer);
        this.#watchers.delete(look);
        resolve(entry);
      };
      let next = 0;
      const look = () => {
        for (; next < this.entries.length; next++) if (fits(this.entries[next]!)) return done(this.entries[next]!);
      };
      const timer = setTimeout(() => done(null), timeout);
      signal?.addEventListener("abort", () => done(null), { once: true });
      this.#watchers.add(look);
      look();
    });
  }

  /** Calls back with each entry from now on. */
  onEntry(call: (entry: Entry) => void): void {
    let next = this.entries.length;
    this.#watchers.add(() => {
      while (next < this.entries.length) call(this.entries[next++]!);
    });
  }

  #take(text: string): void {
    let line: Line;
    try {
      line = JSON.parse(text) as Line;
    } catch {
      return; // Words for a person, on standard error.
    }
    if (line.ready !== undefined) this.#ready = true;
    if (line.counters !== undefined) this.counters = line.counters;
    const last = this.entries.at(-1)?.seq ?? 0;
    if (line.entry !== undefined && line.entry.seq > last) this.entries.push(decodeEntry(line.entry));
    for (const watcher of [...this.#watchers]) watcher();
  }
}
