import { BootFile } from "../../boot/source.ts";
import type { Ipv4 } from "../../wire/ipv4.ts";
import { MalformedError } from "../../wire/malformed.ts";
import { SyntheticAgent } from "./agent.ts";
import { type Air, askBootServer } from "./air.ts";
import { BootFailed, Comparison } from "./comparison.ts";
import type { SyntheticDevice } from "./device.ts";
import { readScript } from "./grub.ts";
import { get } from "./http.ts";
import { type DeviceRecord, type Milestone, newRecord } from "./record.ts";
import { readSession } from "./session.ts";
import { readTftp } from "./tftp.ts";

/** What all devices have in common. */
export interface World {
  readonly air: Air;
  readonly station: Ipv4;
  /** The image's files as the manifest has them, by name. */
  readonly image: ReadonlyMap<string, Uint8Array>;
  /** Milliseconds since all devices were switched on. */
  readonly elapsed: () => number;
  /** Devices that load the image at this moment. */
  readonly loading: { now: number };
  readonly signal: AbortSignal;
}

/** A firmware that failed shows its boot menu, and a person or its watchdog starts it again. */
const REBOOT_MS = 2000;

/** One device from power-on to Windows. What it did is in `record`, also while it still does it. */
export class Course {
  readonly device: SyntheticDevice;
  readonly record: DeviceRecord = newRecord();
  readonly #world: World;

  constructor(device: SyntheticDevice, world: World) {
    this.device = device;
    this.#world = world;
  }

  /** Network-boots until it was rescued, or until the drill's patience is at its end. */
  async run(): Promise<void> {
    while (!this.#world.signal.aborted && this.record.at.rescued === undefined) {
      this.record.boots += 1;
      try {
        await this.#boot();
      } catch (error) {
        if (!(error instanceof BootFailed || error instanceof MalformedError)) throw error;
        this.record.trouble = error.message;
        await pause(REBOOT_MS);
      }
    }
  }

  async #boot(): Promise<void> {
    const { air, station } = this.#world;
    if (!(await air.discover(this.device))) throw new BootFailed("no boot server offered");
    if (!(await askBootServer(this.device, station))) throw new BootFailed("port 4011 did not answer");
    this.#reached("acknowledged");
    const archive = await this.#load();
    const session = readSession(archive);
    if (session.device !== this.device.mac) throw new BootFailed("the session is another device's");
    const agent = new SyntheticAgent(this.device, session);
    await agent.hello();
    this.#reached("hello");
    const password = await agent.unlock();
    this.record.ownPassword = password.reveal() === this.device.password.text.reveal();
    this.#reached("key");
    await agent.repair();
    this.#reached("rescued");
    // Twice, as Windows does with two network cards; the second must not count as anything new.
    air.windowsIsUp(this.device);
    await pause(200);
    air.windowsIsUp(this.device);
    this.#reached("windows");
  }

  /** Loader, script, its turn, kernel and initrd; gives the session's archive. */
  async #load(): Promise<Uint8Array> {
    const { station } = this.#world;
    const { address } = this.device;
    for (const name of ["shimx64.efi", "grubx64.efi"])
      await this.#compare(name, (take) => readTftp({ station, address, name }, take));
    this.#reached("loader");
    for (;;) {
      const script: Buffer[] = [];
      await readTftp({ station, address, name: BootFile.grubScript }, (data) => script.push(Buffer.from(data)));
      const step = readScript(Buffer.concat(script).toString("utf8"));
      if (!("pauseSeconds" in step)) {
        this.#reached("turn");
        return this.#image(step.kernel, step.initrds);
      }
      this.record.waits += 1;
      await pause(step.pauseSeconds * 1000);
      if (this.#world.signal.aborted) throw new BootFailed("still waits for its turn");
    }
  }

  async #image(kernel: string, initrds: readonly string[]): Promise<Uint8Array> {
    const { loading, image, station } = this.#world;
    const { address } = this.device;
    loading.now += 1;
    const archive: Buffer[] = [];
    try {
      for (const path of [kernel, ...initrds])
        if (image.has(path)) await this.#compare(path, (take) => get({ station, address, path }, take));
        else await get({ station, address, path }, (data) => archive.push(Buffer.from(data)));
    } finally {
      loading.now -= 1;
    }
    this.#reached("image");
    const bytes = Buffer.concat(archive);
    this.record.bytes += bytes.length;
    return bytes;
  }

  async #compare(name: string, fetch: (take: (data: Uint8Array) => void) => Promise<void>): Promise<void> {
    const comparison = new Comparison(this.#world.image.get(name) ?? new Uint8Array());
    await fetch((data) => {
      comparison.take(name, data);
      this.record.bytes += data.length;
    });
    if (!comparison.whole) throw new BootFailed(`${name}: ended early`);
  }

  #reached(milestone: Milestone): void {
    this.record.at[milestone] ??= Math.round(this.#world.elapsed());
  }
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
