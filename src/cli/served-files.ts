import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type ImageName, imageName } from "../boot/image-id.ts";
import { BootFile } from "../boot/source.ts";
import { missingFor } from "../boot/table.ts";
import { loadManifest, MANIFEST, verifyImage } from "../image/manifest.ts";
import type { ServedImage } from "../server/station.ts";
import type { ImageFiles } from "../station/boot-files.ts";
import { ExitCode, OperatorError } from "../wire/operator-error.ts";

/** The images whole in memory, by name, and only after every byte is what their manifests say. */
export async function readImages(folders: readonly string[]): Promise<Map<ImageName, ServedImage>> {
  const images = new Map<ImageName, ServedImage>();
  for (const folder of folders) {
    const { architecture, files } = loadManifest(folder);
    // Every manifest of this version is that of a Linux image.
    const image = { kind: "linux", architecture } as const;
    const name = imageName(image);
    if (images.has(name))
      throw new OperatorError(
        `Two recovery images for ${name} were named, the second in ${folder}. Nothing was started.`,
        "Name one image for each architecture.",
      );
    const differences = (await verifyImage(folder)).map(({ path, problem }) => `${path} (${problem})`);
    if (differences.length > 0)
      throw new OperatorError(
        `The recovery image in ${folder} is not what its manifest says: ${differences.join(", ")}. Nothing was started.`,
        "Build it again: breakglass image build",
        ExitCode.negative,
      );
    const missing = missingFor(image, new Set(files.map(({ path }) => path)));
    if (missing.length > 0)
      throw new OperatorError(
        `The recovery image in ${folder} has no ${missing.join(" and no ")}, which ${name} devices load. Nothing was started.`,
        "Build it again: breakglass image build",
        ExitCode.negative,
      );
    const manifestBytes = readFileSync(join(folder, MANIFEST));
    images.set(name, {
      sha256: createHash("sha256").update(manifestBytes).digest("hex"),
      files: new Map(files.map(({ path }) => [path, readFileSync(join(folder, path))])),
    });
  }
  return images;
}

/** The iPXE files that an operator put into a folder, by name. They are served as they are: their signatures are theirs. */
export function readOwnIpxe(folder: string): ImageFiles {
  const needed = [BootFile.ownShim, BootFile.ownIpxe];
  const missing = needed.filter((name) => !existsSync(join(folder, name)));
  if (missing.length > 0)
    throw new OperatorError(
      `The folder ${folder} has no ${missing.join(" and no ")}. Nothing was started.`,
      "Put the files of the signed iPXE release there under these names, unmodified.",
      ExitCode.environment,
    );
  const found = [...needed, BootFile.autoexec].filter((name) => existsSync(join(folder, name)));
  return new Map(found.map((name) => [name, readFileSync(join(folder, name))]));
}
