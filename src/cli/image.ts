import { join } from "node:path";
import { type Command, Option } from "commander";
import { buildImage } from "../image/build.ts";
import { DRIVER_SETS, type DriverSet } from "../image/drivers.ts";
import { loadManifest, verifyImage } from "../image/manifest.ts";
import { ExitCode } from "../wire/operator-error.ts";

const FOLDER = join("build", "image");

/** `breakglass image build|verify`. */
export function register(program: Command): void {
  const image = program.command("image").description("the recovery image that devices boot");

  image
    .command("build")
    .description("build it from Debian's signed packages; the same packages give the same bytes")
    .option("--out <DIR>", "where to put it", FOLDER)
    .addOption(
      new Option("--drivers <SET>", "fleet: common hardware; minimal: virtual devices only")
        .choices(DRIVER_SETS)
        .default("fleet"),
    )
    .option("--mirror <URL>", "a Debian mirror (default: $BREAKGLASS_MIRROR, else the one this machine's apt uses)")
    .option("--update", "ask the mirror for newer packages, though the cache has a complete set", false)
    .option("--json", "the manifest, for scripts", false)
    .action(build);

  image
    .command("verify")
    .description("is every byte of the image what its manifest says")
    .option("--image <DIR>", "the image", FOLDER)
    .option("--json", "for scripts", false)
    .action(verify);
}

interface BuildCommand {
  readonly out: string;
  readonly drivers: DriverSet;
  readonly mirror?: string;
  readonly update: boolean;
  readonly json: boolean;
}

async function build({ out, drivers, mirror, update, json }: BuildCommand): Promise<void> {
  const log = (line: string) => process.stderr.write(`image: ${line}\n`);
  const manifest = await buildImage({ out, cache: join("build", "cache"), driverSet: drivers, mirror, update, log });
  if (json) process.stdout.write(`${JSON.stringify(manifest)}\n`);
  else {
    for (const { path, size, sha256 } of manifest.files)
      process.stdout.write(`${path.padEnd(12)} ${String(size).padStart(9)} bytes  sha256 ${sha256}\n`);
    process.stdout.write(`The image is ready in ${out}: drivers ${drivers}, kernel ${manifest.kernelRelease}.\n`);
  }
}

async function verify({ image, json }: { image: string; json: boolean }): Promise<void> {
  const { files } = loadManifest(image);
  const differences = await verifyImage(image);
  if (json) process.stdout.write(`${JSON.stringify({ image, differences })}\n`);
  else if (differences.length === 0)
    process.stdout.write(`${image}: all ${files.length} files are as the manifest says.\n`);
  else for (const { path, problem } of differences) process.stdout.write(`${image}: ${path} differs (${problem}).\n`);
  if (differences.length > 0) process.exitCode = ExitCode.negative;
}
