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
  architecture: z.literal("amd64"),
  /** A package that depends on the newest signed kernel. */
  kernel: packageName,
  /** Every package of which at least one file is used; anything else is an error. */
  packages: z.array(packageName).min(1),
  /** Firmware's first program and the boot loader, unmodified and signed. */
  shim: packagePath,
  grub: packagePath,
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

/** @throws MalformedError naming the field that is wrong. */
export function loadRecipe(text: string): Recipe {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw new MalformedError(`recipe is not JSON: ${(error as Error).message}`);
  }
  const parsed = schema.safeParse(json);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0]!;
  throw new MalformedError(`recipe, ${issue.path.join(".") || "as a whole"}: ${issue.message}`);
}
