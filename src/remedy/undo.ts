import { z } from "zod";
import { MalformedError } from "../wire/malformed.ts";
import { nameProblem, pathProblem } from "./path.ts";
import { QUARANTINE_FOLDER } from "./plan.ts";
import { PINNED_FOLDER } from "./schema.ts";

const path = z
  .string()
  .max(512)
  .refine((text) => pathProblem(text) === null, "not a plain path below the volume's root");
const folderName = z.string().refine((text) => nameProblem(text) === null, "not a plain name");

const manifestSchema = z
  .strictObject({
    breakglassQuarantine: z.literal(1),
    remedy: folderName,
    remedySha256: z.string().regex(/^[0-9a-f]{64}$/),
    campaign: folderName,
    session: folderName,
    files: z
      .array(
        z.strictObject({
          from: path,
          to: path,
          size: z.int().min(0),
          sha256: z.string().regex(/^[0-9a-f]{64}$/),
          mtime: z.int(),
          header: z.string().regex(/^([0-9a-f]{2})*$/),
        }),
      )
      .min(1)
      .max(256),
  })
  .superRefine((manifest, context) => {
    const quarantine = `${QUARANTINE_FOLDER}/${manifest.campaign}/${manifest.session}/`;
    const refuse = (index: number, message: string) =>
      context.addIssue({ code: "custom", path: ["files", index], message });
    const seen = new Set<string>();
    for (const [index, file] of manifest.files.entries()) {
      if (file.to !== quarantine + nameOf(file.from)) refuse(index, `"to" is not ${quarantine}${nameOf(file.from)}`);
      // The folders were spelled as the volume spells them; NTFS does not tell the cases apart.
      const below = file.from.toLowerCase().startsWith(`${PINNED_FOLDER.toLowerCase()}/`);
      if (!below || file.from.split("/").length !== 5) refuse(index, `"from" is not ${PINNED_FOLDER}/<vendor>/<name>`);
      if (seen.has(file.from.toLowerCase())) refuse(index, `"from" appears twice`);
      seen.add(file.from.toLowerCase());
    }
  });

type QuarantineManifest = z.infer<typeof manifestSchema>;

/** One rename back, paths relative to the volume's root. Only to be done if the file's SHA-256 is still this one. */
interface UndoStep {
  readonly rename: string;
  readonly to: string;
  readonly size: number;
  readonly sha256: string;
}

/** Reads the `manifest.json` an agent leaves beside the files it moved. Throws MalformedError naming the field. */
export function loadQuarantineManifest(text: string): QuarantineManifest {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new MalformedError(`not JSON: ${(error as Error).message}`);
  }
  const parsed = manifestSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0]!;
  throw new MalformedError(`${issue.path.join(".") || "the manifest"}: ${issue.message}`);
}

/**
 * The renames that put every file back, last moved first. The manifest is written before the first file moves, so a
 * step whose quarantined file does not exist is one that never happened: skip it.
 */
export function planUndo(manifest: QuarantineManifest): readonly UndoStep[] {
  return manifest.files
    .map((file) => ({ rename: file.to, to: file.from, size: file.size, sha256: file.sha256 }))
    .reverse();
}

/** The same steps for a person at the device's own Windows or WinRE prompt (PowerShell). */
export function undoScript(steps: readonly UndoStep[], drive = "C:"): string {
  const place = (path: string) => `'${drive}\\${path.replaceAll("/", "\\")}'`;
  return steps
    .map(
      ({ rename, to, sha256 }) =>
        `if ((Get-FileHash -Algorithm SHA256 -LiteralPath ${place(rename)}).Hash -eq '${sha256.toUpperCase()}') ` +
        `{ Move-Item -LiteralPath ${place(rename)} -Destination ${place(to)} }`,
    )
    .join("\n");
}

function nameOf(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}
