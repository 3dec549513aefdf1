import type { Entry } from "../ledger/entry.ts";
import { deviceOf } from "../ledger/events/event.ts";
import { tapBytes } from "./lab/network.ts";
import type { Device, PoweredDevice } from "./lab/qemu.ts";
import type { Station } from "./lab/station.ts";
import type { RescueTimes, Span } from "./report/result.ts";
import type { Story } from "./report/story.ts";
import { type DeviceRole, expectedEnd } from "./scenario.ts";

/** Bounds of what a device may take (milliseconds), generous for a slow machine without KVM. */
const PATIENCE = { boot: 150_000, rescue: 420_000, end: 60_000 } as const;

/** From the station's entry to the device's screen it is one answer over the network and the drawing. */
const SCREEN_MS = 20_000;

/** What a crash-test device (pxe/device-os) and the recovery image (pxe/agent) write on the serial console. */
const SAYS = { crash: /BUGCHECK/, healthy: /HEALTHY/, dead: /agent ended|Kernel panic/ } as const;

/** What one device did, as it is gathered. */
export interface DeviceRecord {
  outcome: string;
  crashesSeen: number;
  healthyBootsSeen: number;
  /** What its serial console said at each: it names the boot, so that none is counted twice. */
  readonly healthyLines: string[];
  /** The first thing that went wrong for it, or null. */
  trouble: string | null;
  rescuePowerOnAt: number | null;
  firstHealthyAt: number | null;
  bytesToDevice: number;
  screen: Uint8Array | null;
  /** Everything its serial console said during the rescue. */
  rescueSerial: readonly string[];
  readonly spans: Span[];
  readonly serialLogs: string[];
}

function newRecord(): DeviceRecord {
  return {
    outcome: "silent",
    crashesSeen: 0,
    healthyBootsSeen: 0,
    healthyLines: [],
    trouble: null,
    rescuePowerOnAt: null,
    firstHealthyAt: null,
    bytesToDevice: 0,
    screen: null,
    rescueSerial: [],
    spans: [],
    serialLogs: [],
  };
}

/** One device through its drill: the crash loop, the rescue, the healthy boots. */
export class DeviceRun {
  readonly device: Device;
  readonly role: DeviceRole;
  readonly record: DeviceRecord = newRecord();
  readonly #station: Station;
  readonly #story: Story;
  readonly #now: () => number;

  constructor(device: Device, role: DeviceRole, station: Station, story: Story, now: () => number) {
    this.device = device;
    this.role = role;
    this.#station = station;
    this.#story = story;
    this.#now = now;
  }

  get #name(): string {
    return this.role.name;
  }

  /** Entries of the station's ledger about this device. */
  entries(): Entry[] {
    return this.#station.entries.filter(({ body }) => deviceOf(body) === this.device.parts.mac);
  }

  /** Shows it crash as often as its role says, from its own disk. */
  async crash(): Promise<void> {
    if (this.role.crashes === 0) return;
    const from = this.#story.elapsed;
    this.#story.tell(this.#name, "power on, boots from its disk");
    const powered = this.#powerOn({ bootFrom: "disk", offAtReset: false });
    for (let next = 0; this.record.crashesSeen < this.role.crashes; ) {
      this.#story.awaiting(this.#name, `${this.#name} boots from its disk`);
      const line = await powered.serial.waitForLine((text) => SAYS.crash.test(text), PATIENCE.boot, next);
      if (line === null) {
        this.#giveUp(`did not crash ${this.role.crashes} times`, powered);
        break;
      }
      next = powered.serial.lines.indexOf(line, next) + 1;
      this.record.crashesSeen++;
      this.#story.tell(this.#name, `crashed (${this.record.crashesSeen} of ${this.role.crashes}): ${line}`, "bad");
    }
    await powered.powerOff();
    this.#span(from, "crashing", "crash loop");
  }

  /** One network boot, up to the report or the wait its role expects. The device is off afterwards. */
  async rescue(): Promise<void> {
    const from = this.#story.elapsed;
    const before = await tapBytes(this.device.parts.tap);
    const powered = this.#powerOn({ bootFrom: "network", offAtReset: true });
    this.record.rescuePowerOnAt = this.#now();
    this.#story.tell(this.#name, "power on, one-time network boot");
    this.#story.awaiting(this.#name, `${this.#name} is being rescued`);
    const stopWatching = this.#keepScreen(powered);
    try {
      const end = await this.#rescueEnd(powered);
      if (end === null) this.#giveUp(`neither reported nor waited for "${this.#expected}"`, powered);
      else this.record.outcome = end;
      if (end === "rescued" || end === "already-clean") await this.#reset(powered);
      else await this.#showScreen(powered, end === null ? 0 : SCREEN_MS);
    } finally {
      stopWatching();
      this.record.rescueSerial = [...powered.serial.lines];
      await powered.powerOff();
      this.#story.awaiting(this.#name, null);
    }
    const after = await tapBytes(this.device.parts.tap);
    this.record.bytesToDevice = after.toDevice - before.toDevice;
    this.#rescueSpans(from);
  }

  /** As many consecutive healthy boots from its own disk as its role says. */
  async provesHealthy(): Promise<void> {
    const { healthyBoots } = this.role;
    if (healthyBoots === 0 || this.record.trouble !== null) return;
    const from = this.#story.elapsed;
    while (this.record.healthyBootsSeen < healthyBoots && this.record.trouble === null) {
      const powered = this.#powerOn({ bootFrom: "disk", offAtReset: false });
      this.#story.awaiting(this.#name, `${this.#name} boots from its disk`);
      await this.#healthyBootsOf(powered);
      await powered.powerOff();
    }
    this.#story.awaiting(this.#name, null);
    this.#span(from, "healthy", "healthy boots");
  }

  async #healthyBootsOf(powered: PoweredDevice): Promise<void> {
    const { healthyBoots } = this.role;
    const started = powered.serial;
    for (let next = 0, inThisPowerOn = 0; this.record.healthyBootsSeen < healthyBoots; inThisPowerOn++) {
      const fits = (text: string) => SAYS.healthy.test(text) || SAYS.crash.test(text);
      const line = await started.waitForLine(fits, PATIENCE.boot, next);
      if (line === null && started.exitCode !== null && inThisPowerOn > 0) return; // It switched itself off; again.
      if (line === null || SAYS.crash.test(line)) return this.#giveUp(line ?? "did not come up healthy", powered);
      next = started.lines.indexOf(line, next) + 1;
      if (this.record.healthyLines.includes(line)) return this.#giveUp(`the same boot twice: ${line}`, powered);
      this.record.healthyLines.push(line);
      this.record.healthyBootsSeen++;
      this.record.firstHealthyAt ??= this.#now();
      this.#story.tell(this.#name, `healthy boot ${this.record.healthyBootsSeen} of ${healthyBoots}: ${line}`, "good");
    }
  }

  get #expected(): string {
    return expectedEnd(this.role);
  }

  /** The outcome word or the reason word with which the rescue came to its end; null if it did not. */
  async #rescueEnd(powered: PoweredDevice): Promise<string | null> {
    const { mac } = this.device.parts;
    const { end } = this.role;
    const endOf = ({ body, at }: Entry): string | null => {
      if (deviceOf(body) !== mac || at < this.record.rescuePowerOnAt!) return null;
      if (body.type === "session.reported") return body.outcome;
      if (body.type !== "device.held" && body.type !== "key.refused") return null;
      return end !== "any" && "waits" in end && body.reason === end.waits ? body.reason : null;
    };
    const gone = new AbortController();
    const abort = () => setTimeout(() => gone.abort(), 2000);
    powered.serial.ended.then(abort);
    powered.serial.onLine((line) => SAYS.dead.test(line) && abort());
    const entry = await this.#station.waitFor((each) => endOf(each) !== null, PATIENCE.rescue, gone.signal);
    return entry === null ? null : endOf(entry);
  }

  async #reset(powered: PoweredDevice): Promise<void> {
    const off = await Promise.race([powered.serial.ended, after(PATIENCE.end)]);
    if (off === null) this.#giveUp("did not reboot after its report", powered);
    else this.#story.tell(this.#name, "reboots", "plain");
  }

  async #showScreen(powered: PoweredDevice, timeout: number): Promise<void> {
    const missing = () => this.role.screen.filter((words) => !saidOn(powered.serial.lines, words));
    await powered.serial.waitFor(() => (missing().length === 0 ? true : null), timeout);
    await after(1000);
    this.record.screen = (await powered.screen()) ?? this.record.screen;
  }

  /** Keeps the newest picture of its screen at each step, because a device that reboots has no last moment to ask for. */
  #keepScreen(powered: PoweredDevice): () => void {
    let busy = false;
    let over = false;
    const look = async () => {
      if (busy || over) return;
      busy = true;
      this.record.screen = (await powered.screen()) ?? this.record.screen;
      busy = false;
    };
    const { mac } = this.device.parts;
    this.#station.onEntry(({ body }) => {
      if (deviceOf(body) !== mac || (body.type !== "agent.stage" && body.type !== "session.reported")) return;
      setTimeout(look, 300);
    });
    return () => {
      over = true;
    };
  }

  #powerOn(how: { bootFrom: "disk" | "network"; offAtReset: boolean }): PoweredDevice {
    const powered = this.device.powerOn(how);
    this.record.serialLogs.push(powered.serialLog);
    return powered;
  }

  #giveUp(what: string, powered: PoweredDevice): void {
    this.record.trouble ??= what;
    this.#story.tell(this.#name, what, "bad");
    for (const line of powered.lastWords().split("\n")) this.#story.tell(this.#name, `  last words: ${line}`, "bad");
  }

  #span(from: number, is: Span["is"], label: string, to = this.#story.elapsed): void {
    this.record.spans.push({ from, to, is, label });
  }

  #rescueSpans(from: number): void {
    const zero = this.record.rescuePowerOnAt!;
    const at = (seconds: number | null) => (seconds === null ? null : from + seconds * 1000);
    const times = rescueTimes(this.record, this.entries());
    const packet = at(times.firstPacket) ?? this.#story.elapsed;
    const hello = at(times.hello) ?? this.#story.elapsed;
    const waits = this.role.end !== "any" && "waits" in this.role.end;
    if (zero !== null) this.#span(from, "firmware", "firmware", packet);
    this.#span(packet, "loading", "network boot", hello);
    this.#span(hello, waits ? "waiting" : "rescue", waits ? "waits" : "rescue");
  }
}

/** True if these words were shown, whatever the line breaks and spaces between them. */
export function saidOn(lines: readonly string[], words: string): boolean {
  const plain = (text: string) => text.replace(/\x1b\[[0-9;?]*[A-Za-z]/g, "").replace(/\s+/g, " ");
  return plain(lines.join(" ")).includes(words);
}

/** Seconds from the rescue's power-on to each of its marks, from the ledger and the serial console. */
export function rescueTimes(record: DeviceRecord, entries: readonly Entry[]): RescueTimes {
  const zero = record.rescuePowerOnAt;
  const since = (at: number | null | undefined) =>
    at === null || at === undefined || zero === null ? null : Math.round((at - zero) / 100) / 10;
  const first = (fits: (body: Entry["body"]) => boolean) =>
    since(entries.find(({ body, at }) => zero !== null && at >= zero && fits(body))?.at);
  return {
    firstPacket: first((body) => body.type === "boot.offered" || body.type === "device.sighted"),
    hello: first((body) => body.type === "session.opened"),
    keyReleased: first((body) => body.type === "key.released"),
    fileRemoved:
      record.outcome === "rescued"
        ? first(
            (body) => body.type === "session.reported" || (body.type === "agent.stage" && body.stage === "verifying"),
          )
        : null,
    reported: first((body) => body.type === "session.reported"),
    healthy: since(record.firstHealthyAt),
    confirmed: first((body) => body.type === "device.confirmed"),
  };
}

function after(milliseconds: number): Promise<null> {
  return new Promise((resolve) => setTimeout(() => resolve(null), milliseconds));
}
