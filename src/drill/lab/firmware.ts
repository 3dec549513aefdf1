import { copyFileSync, existsSync } from "node:fs";
import { join } from "node:path";
import type { ImageArchitecture } from "../../boot/image-id.ts";
import { ExitCode, OperatorError } from "../../wire/operator-error.ts";

/** A file that a kind of firmware needs on this machine: the first of `anyOf` that is there. */
interface Need {
  readonly debianPackage: string;
  /** Absolute paths, or names of programs. */
  readonly anyOf: readonly string[];
}

/** Code that nobody writes, and the variable store that each device gets a copy of. */
interface FlashPlace {
  readonly code: string;
  readonly variables: string;
}

/** A kind of device, as far as its firmware decides it: a value that a drill is run with. */
export interface Firmware {
  readonly name: string;
  readonly title: string;
  readonly architecture: ImageArchitecture;
  /** The state that the recovery image must find Secure Boot in. */
  readonly secureBoot: "on" | "off" | "unknown";
  /** What its DHCP packets say it is, in the ledger's word. */
  readonly asksAs: string;
  /** The emulator, and the machine it makes. */
  readonly machine: readonly string[];
  /** The processor where it has to be emulated. */
  readonly cpu: string;
  /** Null where the emulator brings the firmware itself. */
  readonly flash: { readonly debianPackage: string; readonly places: readonly FlashPlace[] } | null;
  readonly needs: readonly Need[];
  readonly screen: readonly string[];
  /** The disk's and the network card's device, without their boot index. */
  readonly disk: string;
  readonly card: string;
  /** More of the emulator's words: what a person would set in the firmware's menu. */
  readonly settings: readonly string[];
  /** How the station is started for it, beside the usual. */
  readonly station: readonly string[];
  /** True if the station also serves an iPXE that the operator brought (`serve --ipxe`). */
  readonly ownIpxe: boolean;
  /** True if it starts its own disk by a boot sector; else by the program on the EFI system partition. */
  readonly bootSector: boolean;
}

const OVMF = "/usr/share/OVMF/OVMF";
const AAVMF = "/usr/share/AAVMF/AAVMF";

/** What the devices of an x64 firmware have in common: the recovery image of that architecture and its serial console. */
const X64 = {
  architecture: "x64",
  cpu: "max",
  settings: [],
  station: [],
  ownIpxe: false,
  needs: [{ debianPackage: "qemu-system-x86", anyOf: ["qemu-system-x86_64"] }],
  screen: ["-vga", "std"],
  disk: "nvme,drive=disk",
  bootSector: false,
  // The card's iPXE option ROM is not signed; the firmware has its own driver and PXE client.
  card: "virtio-net-pci,romfile=",
} as const;

const SECURE_BOOT = {
  ...X64,
  secureBoot: "on",
  // Secure Boot means little if the running system can write the variable store: only SMM code may.
  machine: [
    ...["qemu-system-x86_64", "-machine", "q35,smm=on"],
    ...["-global", "driver=cfi.pflash01,property=secure,value=on"],
  ],
  flash: {
    debianPackage: "ovmf",
    // Debian 12 and 13 and Ubuntu 22.04 and 24.04; the 2 MB builds are what older ones had.
    places: [
      { code: `${OVMF}_CODE_4M.ms.fd`, variables: `${OVMF}_VARS_4M.ms.fd` },
      { code: `${OVMF}_CODE_4M.secboot.fd`, variables: `${OVMF}_VARS_4M.ms.fd` },
      { code: `${OVMF}_CODE.ms.fd`, variables: `${OVMF}_VARS.ms.fd` },
      { code: `${OVMF}_CODE.secboot.fd`, variables: `${OVMF}_VARS.ms.fd` },
    ],
  },
} as const;

const WITHOUT_SECURE_BOOT = {
  ...X64,
  secureBoot: "off",
  machine: ["qemu-system-x86_64", "-machine", "q35"],
  flash: {
    debianPackage: "ovmf",
    places: [
      { code: `${OVMF}_CODE_4M.fd`, variables: `${OVMF}_VARS_4M.fd` },
      { code: `${OVMF}_CODE.fd`, variables: `${OVMF}_VARS.fd` },
    ],
  },
} as const;

/** All kinds of firmware that a drill can be run on, the usual one first. */
export const FIRMWARES: readonly Firmware[] = [
  { ...SECURE_BOOT, name: "uefi-x64", title: "UEFI, Secure Boot on, PXE", asksAs: "uefi-x64-pxe" },
  {
    ...SECURE_BOOT,
    name: "uefi-x64-http",
    title: "UEFI, Secure Boot on, HTTP Boot",
    asksAs: "uefi-x64-http",
    settings: ["IPv4PXESupport", "IPv6PXESupport"].flatMap((which) => [
      "-fw_cfg",
      `name=opt/org.tianocore/${which},string=no`,
    ]),
  },
  {
    ...WITHOUT_SECURE_BOOT,
    name: "uefi-x64-ipxe",
    title: "UEFI, Secure Boot off, PXE, then iPXE",
    asksAs: "uefi-x64-pxe",
    station: ["--uefi-loader", "ipxe"],
  },
  {
    ...WITHOUT_SECURE_BOOT,
    name: "uefi-x64-own-ipxe",
    title: "UEFI, Secure Boot off, PXE, then an iPXE that the operator brought",
    asksAs: "uefi-x64-pxe",
    ownIpxe: true,
  },
  {
    ...X64,
    name: "bios-x86",
    title: "legacy BIOS, iPXE in the network card's ROM, SATA disk",
    secureBoot: "off",
    asksAs: "bios-x86-pxe",
    machine: ["qemu-system-x86_64", "-machine", "q35"],
    flash: null,
    needs: [
      ...X64.needs,
      { debianPackage: "ipxe-qemu", anyOf: ["/usr/lib/ipxe/qemu/pxe-e1000e.rom", "/usr/share/qemu/pxe-e1000e.rom"] },
      { debianPackage: "syslinux", anyOf: ["syslinux"] },
      { debianPackage: "syslinux-common", anyOf: ["/usr/lib/syslinux/mbr/gptmbr.bin"] },
    ],
    disk: "ide-hd,bus=ide.0,drive=disk",
    // The virtio ROM is for one of that card's two PCI identities, and not the one it has here: SeaBIOS passes it over.
    card: "e1000e,romfile=pxe-e1000e.rom",
    bootSector: true,
  },
  {
    name: "uefi-arm64",
    title: "UEFI on ARM64, Secure Boot on, PXE",
    architecture: "arm64",
    secureBoot: "on",
    asksAs: "uefi-arm64-pxe",
    machine: ["qemu-system-aarch64", "-machine", "virt"],
    // EDK II since 2024 asks for no address without a random number instruction (RNDR): a virtio-rng device is not good
    // enough for it, and no processor before ARMv8.5 has one. Pointer authentication as ARM defines it is slow to emulate.
    cpu: "max,pauth-impdef=on",
    flash: {
      debianPackage: "qemu-efi-aarch64",
      places: [{ code: `${AAVMF}_CODE.ms.fd`, variables: `${AAVMF}_VARS.ms.fd` }],
    },
    needs: [{ debianPackage: "qemu-system-arm", anyOf: ["qemu-system-aarch64"] }],
    screen: ["-device", "ramfb"],
    disk: "nvme,drive=disk",
    card: "virtio-net-pci,romfile=",
    settings: [],
    station: [],
    ownIpxe: false,
    bootSector: false,
  },
];

/** @throws OperatorError naming all, if there is none of that name. */
export function findFirmware(name: string): Firmware {
  const found = FIRMWARES.find((each) => each.name === name);
  if (found !== undefined) return found;
  throw new OperatorError(
    `There is no firmware "${name}". Nothing was started.`,
    `Choose from: ${FIRMWARES.map((each) => each.name).join(", ")}.`,
  );
}

/** @throws OperatorError naming the package, if this machine lacks a file that devices with this firmware are made of. */
export function checkFirmware({ name, flash, needs }: Firmware): void {
  const missing = needs.find(({ anyOf }) => !anyOf.some(isHere))?.debianPackage;
  const flashed = flash === null || flash.places.some(isWhole);
  if (missing === undefined && flashed) return;
  throw new OperatorError(
    `This machine cannot make devices with the firmware ${name}: ${missing === undefined ? "the firmware's own files are" : "a program or file for it is"} not here. Nothing was started.`,
    `Install the package ${missing ?? flash?.debianPackage}.`,
    ExitCode.environment,
  );
}

/** A device's own firmware as new from the factory, as the emulator's words for it. Its variables are kept at `path`. */
export function freshFlash({ flash }: Firmware, path: string): readonly string[] {
  const place = flash?.places.find(isWhole);
  if (place === undefined) return [];
  copyFileSync(place.variables, path);
  const drive = (unit: number, file: string) => ["-drive", `if=pflash,format=raw,unit=${unit},file=${file}`];
  return [...drive(0, `${place.code},readonly=on`), ...drive(1, path)];
}

function isWhole({ code, variables }: FlashPlace): boolean {
  return existsSync(code) && existsSync(variables);
}

function isHere(file: string): boolean {
  if (file.startsWith("/")) return existsSync(file);
  return `${process.env.PATH ?? ""}:/usr/sbin:/sbin`.split(":").some((folder) => existsSync(join(folder, file)));
}
