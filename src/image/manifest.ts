import { existsSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import * as z from "zod";
import { ExitCode, OperatorError } from "../wire/operator-error.ts";
import { IMAGE_ARCHITECTURES } from "./architecture.ts";
import { fileSha256 } from "./debian.ts";
import { DRIVER_SETS } from "./drivers.ts";

const sha256 = z.string().regex(/^[0-9a-f]{64}$/);
/** A plain file name: an image is one folder, and nothing outside it is ever served. */
const fileName = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]*$/);

/**
 * Goes up with the manifest itself and with the protocol of the agent in the image (docs/formats/agent-protocol.md): a
 * station never serves an image whose agent it does not understand.
 */
export const MANIFEST_VERSION = 3;

const schema = z.strictObject({
  version: z.literal(MANIFEST_VERSION),
  architecture: z.enum(IMAGE_ARCHITECTURES),
  driverSet: z.enum(DRIVER_SETS),
  kernelRelease: z.string(),
  files: z.array(
    z.strictObject({
      path: fileName,
      role: z.enum(["shim", "grub", "kernel", "initrd", "ipxe-uefi", "ipxe-bios"]),
      size: z.int().nonnegative(),
      sha256,
    }),
  ),
  packages: z.array(z.strictObject({ name: z.string(), version: z.string(), architecture: z.string(), sha256 })),
});

/** What an image folder holds: every served byte's digest, and every Debian package that they came from. */
export type Manifest = z.infer<typeof schema>;
export type ImageFile = Manifest["files"][number];

export const MANIFEST = "manifest.json";

/** A file that is not what the manifest says. */
interface Difference {
  readonly path: string;
  readonly problem: "missing" | "size" | "sha256";
}

/** @throws OperatorError if the folder holds no image, or one of another version. */
export function loadManifest(folder: string): Manifest {
  const path = join(folder, MANIFEST);
  if (!existsSync(path)) {
    throw new OperatorError(
      `There is no recovery image in ${folder} (no ${MANIFEST}).`,
      "Name the folder that has one with --image, or build it (for ARM64 devices with --architecture arm64): breakglass image build",
      ExitCode.environment,
    );
  }
  const text = readFileSync(path, "utf8");
  const manifest = parsed(schema, text);
  if (manifest !== null) return manifest;
  const other = parsed(z.object({ version: z.int() }), text);
  const what =
    other !== null && other.version !== MANIFEST_VERSION
      ? `belongs to an image of version ${other.version}, and this breakglass serves version ${MANIFEST_VERSION}`
      : "is not a manifest that this version of breakglass knows";
  throw new OperatorError(
    `${path} ${what}. Nothing was served.`,
    "Build the image again: breakglass image build",
    ExitCode.environment,
  );
}

function parsed<T>(shape: z.ZodType<T>, text: string): T | null {
  try {
    return shape.parse(JSON.parse(text));
  } catch {
    return null;
  }
}

/** The canonical text of a manifest: equal images have equal manifests. */
export function manifestText(manifest: Manifest): string {
  return `${JSON.stringify(manifest, null, 2)}\n`;
}

/**
 * Compares every byte of the folder's files with the manifest. Empty: all are as they were built.
 * @throws OperatorError as loadManifest does.
 */
export async function verifyImage(folder: string): Promise<Difference[]> {
  const differences: Difference[] = [];
  for (const { path, size, sha256: expected } of loadManifest(folder).files) {
    const place = join(folder, path);
    if (!existsSync(place)) differences.push({ path, problem: "missing" });
    else if (statSync(place).size !== size) differences.push({ path, problem: "size" });
    else if ((await fileSha256(place)) !== expected) differences.push({ path, problem: "sha256" });
  }
  return differences;
}
