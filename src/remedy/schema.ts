import { z } from "zod";
import { grammarProblem } from "./name.ts";
import { pathProblem } from "./path.ts";

/** A remedy may only reach into one vendor's folder below this one. */
export const PINNED_FOLDER = "Windows/System32/drivers";

const WILDCARDS = /[*?[\]]/;

const plainText = (maximum: number) =>
  z
    .string()
    .min(1)
    .max(maximum)
    .regex(/^[^\x00-\x1f\x7f-\x9f]*$/, "control characters are not allowed")
    .refine((text) => !WILDCARDS.test(text), "wildcard characters * ? [ ] are not allowed anywhere in a remedy");

const instant = z
  .string()
  .regex(/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z$/, "a time is UTC to the second: 2024-07-19T04:09:00Z")
  .refine((text) => isoSeconds(text) !== null, "no such day or time");

const folder = z
  .string()
  .max(128)
  .superRefine((path, context) => {
    const problem = pathProblem(path);
    if (problem) context.addIssue({ code: "custom", message: problem });
    const vendor = path.startsWith(`${PINNED_FOLDER}/`) ? path.slice(PINNED_FOLDER.length + 1) : "";
    if (vendor === "" || vendor.includes("/")) {
      context.addIssue({
        code: "custom",
        message: `must be ${PINNED_FOLDER}/<vendor>, nothing above and nothing below`,
      });
    }
  });

const literal = z.strictObject({
  literal: z
    .string()
    .min(1)
    .max(64)
    .regex(/^[A-Za-z0-9._ -]+$/, "only letters, digits, . _ - and space"),
});
const digits = z.strictObject({ digits: z.int().min(1).max(32) });

const name = z
  .array(z.union([literal, digits]))
  .min(1)
  .max(16)
  .superRefine((parts, context) => {
    const problem = grammarProblem(parts);
    if (problem) context.addIssue({ code: "custom", message: problem });
  });

const removal = z.strictObject({
  folder,
  name,
  /** The file's first bytes, in order. Four bytes are the least that tell one format from another. */
  header: z
    .string()
    .regex(/^[0-9a-f]{2}( [0-9a-f]{2}){3,63}$/, "4 to 64 bytes in lower-case hex, one space between bytes"),
  /** A file last written at or after `from` and before `until` is bad. */
  bad: z
    .strictObject({ from: instant, until: instant })
    .refine((window) => window.from < window.until, "the bad time window is empty: from must be before until"),
  maxFiles: z.int().min(1).max(32),
  action: z.enum(["quarantine", "delete"]),
});

/** Version 1, exactly. Unknown keys are refused: a remedy that says more than we understand is not understood. */
export const remedySchema = z.strictObject({
  breakglassRemedy: z.literal(1),
  id: z
    .string()
    .max(64)
    .regex(/^[a-z0-9]+(-[a-z0-9]+)*$/, "lower-case words joined by hyphens"),
  title: plainText(120),
  why: plainText(1000),
  remove: z.array(removal).min(1).max(8),
});

export type Remedy = z.infer<typeof remedySchema>;
export type Removal = Remedy["remove"][number];

/** Seconds since 1970 UTC, or null if the calendar has no such instant. */
export function isoSeconds(text: string): number | null {
  const milliseconds = Date.parse(text);
  if (!Number.isFinite(milliseconds)) return null;
  return new Date(milliseconds).toISOString() === text.replace("Z", ".000Z") ? milliseconds / 1000 : null;
}
