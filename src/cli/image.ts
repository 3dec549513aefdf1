import { type Command, Option } from "commander";
import type { ImageArchitecture } from "../boot/image-id.ts";
import { IMAGE_ARCHITECTURES } from "../image/architecture.ts";
import { buildImage } from "../image/build.ts";
import { DRIVER_SETS, type DriverSet } from "../image/drivers.ts";
import { loadManifest, verifyImage } from "../image/manifest.ts";
import { ExitCode } from "../wire/operator-error.ts";
import { again } from "./next-step.ts";
import { builtFolder, imageFolder } from "./program-file.ts";
import { requireWritable } from "./writable-folder.ts";

/** `breakglass image build|verify`. */
export function defineBuild(command: Command): void {
  command
    .addOption(
      new Option("--architecture <NAME>", "of the devices: x64 (legacy BIOS ones too) or arm64")
        .choices(IMAGE_ARCHITECTURES)
        .default("x64"),
    )
    .option("--out <DIR>", "where to put it (default: build/image, build/image-arm64)")
    .addOption(
      new Option("--drivers <SET>", "fleet: common hardware; minimal: virtual devices only")
        .choices(DRIVER_SETS)
        .default("fleet"),
    )
    .option("--mirror <URL>", "a Debian mirror (default: $BREAKGLASS_MIRROR, else the one this machine's apt uses)")
    .option("--update", "ask the mirror for newer packages, though the cache has a complete set", false)
    .option("--json", "the manifest, for scripts", false)
    .action(build);
}

export function defineVerify(command: Command): void {
  command
    .option("--image <DIR>", "the image", imageFolder("x64"))
    .option("--json", "for scripts", false)
    .action(verify);
}

interface BuildCommand {
  readonly architecture: ImageArchitecture;
  readonly out?: string;
  readonly drivers: DriverSet;
  readonly mirror?: string;
  readonly update: boolean;
  readonly json: boolean;
}

async function build({ architecture, drivers, mirror, update, json, ...named }: BuildCommand): Promise<void> {
  const out = named.out ?? imageFolder(architecture);
  const log = (line: string) => process.stderr.write(`image: ${line}\n`);
  const cache = builtFolder("cache");
  requireWritable(out, "The image folder", "Nothing was built.", `Name another with --out. Or: ${again("sudo")}`);
  requireWritable(cache, "The folder of Debian's packages", "Nothing was built.", again("sudo"));
  const manifest = await buildImage({ architecture, out, cache, driverSet: drivers, mirror, update, log });
  if (json) process.stdout.write(`${JSON.stringify(manifest)}\n`);
  else {
    for (const { path, size, sha256 } of manifest.files)
      process.stdout.write(`${path.padEnd(13)} ${String(size).padStart(9)} bytes  sha256 ${sha256}\n`);
    process.stdout.write(
      `The image is ready in ${out}: ${architecture}, drivers ${drivers}, kernel ${manifest.kernelRelease}.\n`,
    );
  }
}

async function verify({ image, json }: { image: string; json: boolean }): Promise<void> {
  const { architecture, files } = loadManifest(image);
  const differences = await verifyImage(image);
  if (json) process.stdout.write(`${JSON.stringify({ image, architecture, differences })}\n`);
  else if (differences.length === 0)
    process.stdout.write(`${image}: ${architecture}, all ${files.length} files are as the manifest says.\n`);
  else for (const { path, problem } of differences) process.stdout.write(`${image}: ${path} differs (${problem}).\n`);
  if (differences.length > 0) process.exitCode = ExitCode.negative;
}
