import { z } from "zod";
import { looksLikePassword } from "../bitlocker/password-text.ts";
import { holdsToken } from "./token-text.ts";

// What the operator API takes and gives. The API's description (openapi.json) is made of these, so it cannot say
// anything else. Examples hold no password that opens anything.

const GUID = /^\{?[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}\}?$/;
const EXAMPLE_ID = "24B0AA32-F8D0-40BA-BB05-73A800324C09";

const guid = (description: string) =>
  z
    .string()
    .max(38)
    .regex(GUID)
    .meta({ description, examples: [EXAMPLE_ID] });

/** Text that may be looked up, compared, or written down. */
const text = (longest: number, description: string, example: string) =>
  z
    .string()
    .min(1)
    .max(longest)
    .refine((value) => value.isWellFormed(), "half a surrogate pair")
    .refine(isHarmless, LOOKS_LIKE_SECRET)
    .meta({ description, examples: [example] });

/** The message of the one finding that has a reason word of its own. */
export const LOOKS_LIKE_SECRET = "looks-like-password";

function isHarmless(value: string): boolean {
  return !looksLikePassword(value) && !holdsToken(value);
}

const time = (description: string) => z.iso.datetime().meta({ description, examples: ["2026-11-24T22:00:00.000Z"] });
const count = (description: string) => z.int().min(0).meta({ description });

export const lookupRequest = z
  .union([
    z.strictObject({ protectorId: guid("the whole key protector ID") }),
    z.strictObject({
      first8: z
        .string()
        .regex(/^[0-9A-Fa-f]{8}$/)
        .meta({ description: "the first 8 characters of it, as a recovery screen shows them", examples: ["24B0AA32"] }),
    }),
    z.strictObject({ device: text(256, "a whole device name, as the directory export has it", "PC-0001") }),
    z.strictObject({ serial: text(128, "a serial number of the campaign's inventory", "5CG1234ABC") }),
    z.strictObject({ uuid: guid("an SMBIOS UUID of the campaign's inventory") }),
  ])
  .meta({ description: "exactly one of these" });
export type LookupRequest = z.infer<typeof lookupRequest>;

const deposit = z.strictObject({
  depositId: z.string(),
  protectorId: z.string(),
  deviceName: z.string().nullable(),
  deviceId: z.string().nullable().meta({ description: "the directory's own ID of the device" }),
  directory: z.string().nullable(),
  source: z.string().meta({ description: "the import it came with" }),
  volumeType: z.enum(["os", "fixed", "removable"]).nullable(),
  createdAt: time("when the directory says it was escrowed").nullable(),
  depositedAt: time("when it came into this vault"),
});

export const lookupAnswer = z.strictObject({
  found: count("how many deposits fit"),
  deposits: z.array(deposit).meta({ description: "all of them, newest first, at most 1000; never a password" }),
  inventory: z
    .array(z.strictObject({ name: z.string(), serial: z.string().nullable(), uuid: z.string().nullable() }))
    .meta({ description: "for serial and uuid: the inventory's devices that have it" }),
});

export const releaseRequest = z.strictObject({
  protectorId: guid("the whole key protector ID: its first 8 characters are not enough"),
  reason: z
    .string()
    .min(1)
    .max(500)
    .meta({ description: "why, for the ledger", examples: ["user in front of the recovery screen"] }),
  device: text(256, "refused if the vault names another device for this key protector", "PC-0001").optional(),
  ticket: z
    .string()
    .min(1)
    .max(500)
    .meta({ description: "the help desk's number for it", examples: ["INC0012345"] })
    .optional(),
  nth: z
    .int()
    .min(1)
    .max(100)
    .meta({ description: "which of several different passwords of this key protector: 1, the newest, unless given" })
    .optional(),
});
export type ReleaseRequest = z.infer<typeof releaseRequest>;

const receipt = z
  .strictObject({ ledgerId: z.string(), seq: count("the entry's number"), hash: z.string().regex(/^[0-9a-f]{64}$/) })
  .meta({ description: "where the ledger has the release" });

export const releaseAnswer = z.strictObject({
  recoveryPassword: z.string().meta({
    description: "48 digits in eight groups; shown this once",
    examples: ["nnnnnn-nnnnnn-nnnnnn-nnnnnn-nnnnnn-nnnnnn-nnnnnn-nnnnnn"],
  }),
  protectorId: z.string(),
  depositId: z.string(),
  deviceName: z.string().nullable(),
  nth: count("which of `passwords` this is"),
  passwords: count(
    "how many different ones the vault has for this key protector: more than 1 means that some are stale",
  ),
  receipt,
});

export const statusAnswer = z.strictObject({
  station: z.strictObject({ name: z.string(), version: z.string(), time: time("the station's own clock") }),
  campaign: z.strictObject({
    is: z.enum(["none", "armed", "halted"]),
    campaign: z.string().nullable(),
    remedy: z.string().nullable(),
    reason: z.string().nullable().meta({ description: "why it was halted" }),
    devices: count("in its inventory"),
  }),
  vault: z.strictObject({
    sealed: z.boolean().meta({ description: "true: nothing is released until a person unseals it" }),
    deposits: count("recovery passwords"),
    protectors: count("key protectors they are for"),
    devices: count("devices they name"),
    conflicts: count("key protectors with several different passwords"),
    newestDepositAt: time("when the last import brought something new").nullable(),
    newestDepositAgeSeconds: count("how stale the vault is").nullable(),
  }),
  devices: z.strictObject({
    seen: count("devices that have booted the recovery image"),
    confirmed: count("of them, came back healthy"),
    relapsed: count("of them, fell back"),
    underWay: count("of them, neither yet"),
  }),
  ledger: z.strictObject({ ledgerId: z.string(), seq: count("its newest entry"), hash: z.string() }),
});

const states = {
  devices: count("of the inventory"),
  covered: count("a password that fits is there"),
  doubtful: count("one is there, and something speaks against it"),
  missing: count("none is there"),
};

export const coverageAnswer = z.strictObject({
  campaign: z.string().nullable().meta({ description: "whose inventory it is; null for one that was sent" }),
  time: time("the station's own clock"),
  ...states,
  percentCovered: z.number().meta({ description: "rounded down to a tenth: 100 means all" }),
  vault: z.record(z.string(), z.int()).meta({ description: "deposits that fit no device of the inventory, and why" }),
  findings: z.array(
    z.strictObject({ is: z.string(), devices: count("how many have it"), title: z.string(), next: z.string() }),
  ),
  list: z.array(
    z.strictObject({
      name: z.string().nullable(),
      lines: z.array(z.int()).meta({ description: "of the inventory" }),
      serial: z.string().nullable(),
      site: z.string().nullable(),
      ring: z.string().nullable(),
      state: z.enum(["covered", "doubtful", "missing"]),
      findings: z.array(z.strictObject({ is: z.string(), detail: z.string() })).meta({ description: "worst first" }),
      newestDays: z.int().nullable().meta({ description: "age of the newest password that fits" }),
      dated: z.enum(["directory", "import"]).nullable().meta({ description: "who says that age" }),
      protectors: count("key protectors that fit"),
    }),
  ),
});

export const rotationAnswer = z.strictObject({
  due: count("passwords that were released, and that no newer deposit of their device has replaced"),
  list: z
    .array(
      z.strictObject({
        deviceName: z.string().nullable(),
        device: z.string().nullable().meta({ description: "its MAC address, where a device got the password" }),
        protectorId: z.string(),
        depositId: z.string(),
        deviceId: z.string().nullable().meta({ description: "the directory's own ID of the device" }),
        directory: z.string().nullable(),
        releasedAt: time("the last time"),
        by: z.string().meta({ examples: ["operator:helpdesk", "station"] }),
        why: z.string().meta({ description: "the reason given by hand, or the campaign" }),
        releases: count("how often"),
      }),
    )
    .meta({ description: "longest waiting first" }),
});

export const problem = z
  .object({
    type: z.string(),
    status: z.int(),
    title: z.string(),
    reason: z.string().meta({ description: "the reason word, for scripts" }),
    next: z.string().meta({ description: "what to do now" }),
    detail: z.string().optional(),
    receipt: receipt.extend({ protectorId: z.string() }).optional(),
    until: time("when to ask again").optional(),
  })
  .meta({ description: "RFC 9457" });
