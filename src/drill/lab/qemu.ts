import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { type Acceleration, accelerationFlags } from "./acceleration.ts";
import { type Firmware, freshFlash } from "./firmware.ts";
import { Monitor } from "./monitor.ts";
import { pngFromPpm } from "./png.ts";
import { Program } from "./program.ts";

/** What a device is made of; it stays the same over its power-ons. */
interface DeviceParts {
  readonly name: string;
  readonly mac: string;
  readonly uuid: string;
  readonly serial: string;
  readonly disk: { readonly path: string; readonly format: "raw" | "qcow2" };
  readonly tap: string;
}

interface DeviceMachine {
  readonly firmware: Firmware;
  readonly acceleration: Acceleration;
  readonly processors: number;
  readonly memoryMb: number;
  /** Where its firmware variables, serial logs and sockets go. */
  readonly folder: string;
}

interface PowerOn {
  /** `network` is the one-time boot order that a BMC or a technician at the boot menu sets for one power-on. */
  readonly bootFrom: "disk" | "network";
  /** If true a reset switches the device off instead, so that the next power-on is a decision of the lab. */
  readonly offAtReset: boolean;
}

/** A virtual device: its firmware, one disk, one network card; a value to start and to talk to. */
export class Device {
  readonly parts: DeviceParts;
  readonly #machine: DeviceMachine;
  readonly #flash: readonly string[];
  #powerOns = 0;

  constructor(parts: DeviceParts, machine: DeviceMachine) {
    this.parts = parts;
    this.#machine = machine;
    this.#flash = freshFlash(machine.firmware, join(machine.folder, `${parts.name}.vars.fd`));
  }

  /** Switches the device on. Its serial console's lines are kept in `<name>.serial-<n>.log`. */
  powerOn(how: PowerOn): PoweredDevice {
    const { folder } = this.#machine;
    const stem = join(folder, `${this.parts.name}`);
    this.#powerOns++;
    const socket = `${stem}.${this.#powerOns}.qmp`;
    const argv = [...this.#machine.firmware.machine, ...this.#flags(how), "-qmp", `unix:${socket},server=on,wait=off`];
    const log = `${stem}.serial-${this.#powerOns}.log`;
    return new PoweredDevice(this.parts.name, new Program(`device ${this.parts.name}`, argv, { log }), socket, log);
  }

  #flags({ bootFrom, offAtReset }: PowerOn): string[] {
    const { name, mac, uuid, serial, disk, tap } = this.parts;
    const { firmware, acceleration, processors, memoryMb } = this.#machine;
    const [diskIndex, cardIndex] = bootFrom === "disk" ? [1, 2] : [2, 1];
    return [
      ...["-name", name, ...accelerationFlags(acceleration, firmware.cpu, processors), "-m", `${memoryMb}`],
      ...["-display", "none", "-nodefaults", ...firmware.screen, ...(offAtReset ? ["-no-reboot"] : [])],
      ...this.#flash,
      ...firmware.settings,
      ...["-drive", `if=none,id=disk,format=${disk.format},file=${disk.path},cache=unsafe,discard=unmap`],
      ...["-device", `${firmware.disk},serial=${serial},bootindex=${diskIndex}`],
      ...["-netdev", `tap,id=lan,ifname=${tap},script=no,downscript=no`],
      ...["-device", `${firmware.card},netdev=lan,mac=${mac},bootindex=${cardIndex}`],
      ...["-device", "virtio-rng-pci", "-uuid", uuid],
      ...["-smbios", `type=1,manufacturer=breakglass,product=crash-test device,serial=${serial},uuid=${uuid}`],
      // The name that its Windows gives itself.
      ...["-smbios", `type=2,asset=${name}`],
      ...["-chardev", "stdio,id=serial,signal=off", "-serial", "chardev:serial"],
    ];
  }
}

/** A device that is on. */
export class PoweredDevice {
  readonly name: string;
  readonly serial: Program;
  readonly serialLog: string;
  readonly #socket: string;

  constructor(name: string, serial: Program, socket: string, serialLog: string) {
    this.name = name;
    this.serial = serial;
    this.serialLog = serialLog;
    this.#socket = socket;
  }

  /** What the device's screen shows now, as PNG; null if it cannot be had. */
  async screen(): Promise<Uint8Array | null> {
    const picture = `${this.#socket}.ppm`;
    try {
      const monitor = await Monitor.connect(this.#socket, 2000);
      try {
        await monitor.ask("screendump", { filename: picture });
      } finally {
        monitor.close();
      }
      return pngFromPpm(readFileSync(picture));
    } catch {
      return null;
    } finally {
      rmSync(picture, { force: true });
    }
  }

  /** The end of what the device said, for the report of a device that went silent. */
  lastWords(lines = 12): string {
    return this.serial.lines.slice(-lines).join("\n");
  }

  /** Pulls the plug. */
  async powerOff(): Promise<void> {
    await this.serial.stop(0);
    rmSync(this.#socket, { force: true });
  }
}
