import { accessSync, constants } from "node:fs";
import { Program } from "./program.ts";

export type Acceleration = "kvm" | "tcg";

/**
 * Whether KVM really runs a guest here. /dev/kvm may exist and hang guests (nested virtual machines), so the answer is
 * a short boot of SeaBIOS with its log on the debug port: under working KVM it is through in well under a second.
 */
export async function probeAcceleration(timeout = 4000): Promise<Acceleration> {
  try {
    accessSync("/dev/kvm", constants.R_OK | constants.W_OK);
  } catch {
    return "tcg";
  }
  const machine = ["-machine", "q35,smm=on", "-accel", "kvm", "-cpu", "host", "-smp", "2", "-m", "64"];
  const quiet = ["-display", "none", "-nodefaults", "-no-reboot"];
  const log = ["-chardev", "stdio,id=log,signal=off", "-device", "isa-debugcon,iobase=0x402,chardev=log"];
  const guest = new Program("KVM probe", ["qemu-system-x86_64", ...machine, ...quiet, ...log]);
  const booted = await guest.waitForLine((line) => /no bootable device/i.test(line), timeout);
  await guest.stop(0);
  return booted === null ? "tcg" : "kvm";
}

/** QEMU's words for it. A slow machine gains nothing from more processors than it has. */
export function accelerationFlags(acceleration: Acceleration, cpu: string, processors: number): string[] {
  const smp = ["-smp", `${processors}`];
  if (acceleration === "kvm") return ["-accel", "kvm", "-cpu", "host", ...smp];
  return ["-accel", `tcg,thread=${processors > 1 ? "multi" : "single"}`, "-cpu", cpu, ...smp];
}
