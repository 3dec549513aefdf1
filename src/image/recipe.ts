import * as z from "zod";
import { MalformedError } from "../wire/malformed.ts";

const packageName = z.string().regex(/^[a-z0-9][a-z0-9+.-]+$/);
/** A path in the installed system, without the leading slash. */
const packagePath = z.string().regex(/^(?:[A-Za-z0-9_+-][A-Za-z0-9._+-]*\/)+[A-Za-z0-9_+-][A-Za-z0-9._+-]*$/);
const moduleName = z.string().regex(/^[a-z0-9_]+$/);

const schema = z.strictObject({
  version: z.literal(1),
  /** Debian's suites, as apt names them. Those that end in "-security" come from the security archive. */
  suites: z.array(z.string().regex(/^[a-z]+(-[a-z]+)?$/)).min(1),
  architecture: z.enum(["amd64", "arm64"]),
  /** A package that depends on the newest signed kernel. */
  kernel: packageName,
  /** Every package of which at least one file is used; anything else is an error. */
  packages: z.array(packageName).min(1),
  /** Firmware's first program and the boot loader, unmodified and signed. */
  shim: packagePath,
  grub: packagePath,
  /** iPXE for firmware without Secure Boot, unmodified: for UEFI's own network driver, for the UNDI of a legacy ROM. */
  ipxe: z.strictObject({ uefi: packagePath, bios: packagePath }).optional(),
  /** Programs of the initrd; each goes to usr/bin with the libraries it is linked with. */
  programs: z.array(packagePath).min(1),
  /** Libraries that a program opens at run time, by soname: no program names them. */
  openedLibraries: z.array(z.string()),
  /** Kernel modules that are always there, whatever the driver set, loaded at start in this order. */
  modules: z.array(moduleName),
  /** Kernel modules that are there too, for whoever asks for them. */
  moreModules: z.array(moduleName),
  /** zstd level of the initrd, or 0 for an initrd that is not compressed. */
  compression: z.int().min(0).max(22),
});

/** What an initrd and its boot chain are made of (docs/formats/image.md). */
export type Recipe = z.infer<typeof schema>;

/**
 * Reads a recipe from its parts: what two of them have as a list is joined, all else may stand in one part only.
 * @throws MalformedError naming the field that is wrong.
 */
export function loadRecipe(...parts: readonly string[]): Recipe {
  const parsed = schema.safeParse(parts.map(parsePart).reduce(joinParts));
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0]!;
  throw new MalformedError(`recipe, ${issue.path.join(".") || "as a whole"}: ${issue.message}`);
}

function parsePart(text: string): Record<string, unknown> {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw new MalformedError(`recipe is not JSON: ${(error as Error).message}`);
  }
  const part = z.record(z.string(), z.unknown()).safeParse(json);
  if (part.success) return part.data;
  throw new MalformedError("recipe is not a JSON object");
}

function joinParts(one: Record<string, unknown>, other: Record<string, unknown>): Record<string, unknown> {
  const joined = { ...one };
  for (const [key, value] of Object.entries(other)) {
    const before = joined[key];
    if (Array.isArray(before) && Array.isArray(value)) joined[key] = [...before, ...value];
    else if (before === undefined) joined[key] = value;
    else throw new MalformedError(`recipe, ${key}: in two parts`);
  }
  return joined;
}
