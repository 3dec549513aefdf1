import { ESCROW_VERBS } from "./escrow/verbs.ts";
import type { Verb } from "./verb.ts";

const halt: Verb = {
  name: "halt",
  description: "stop at once: nothing more is admitted, released or changed, also after a restart",
  load: async () => (await import("./halt.ts")).defineHalt,
};

/** Everything that can be typed after `breakglass`, in the order in which help shows it. */
export const VERBS: readonly Verb[] = [
  {
    name: "serve",
    description: "the station: answer, boot and rescue the devices that the armed campaign admits",
    load: async () => (await import("./serve-options.ts")).defineServe,
  },
  {
    name: "status",
    description: "is a station running, where does every device stand, and who needs a person",
    load: async () => (await import("./status.ts")).defineStatus,
  },
  {
    name: "campaign",
    description: "arm, halt and look at the one campaign",
    verbs: [
      {
        name: "arm",
        description: "from now on, network-boot devices, release their recovery passwords and apply the remedy",
        load: async () => (await import("./campaign.ts")).defineArm,
      },
      halt,
      {
        name: "confirm",
        description: "let in an unknown device whose screen shows this pairing code",
        load: async () => (await import("./campaign.ts")).defineConfirm,
      },
      {
        name: "status",
        description: "the campaign and where each device stands",
        load: async () => (await import("./campaign.ts")).defineStatus,
      },
    ],
  },
  halt,
  {
    name: "escrow",
    description: "the recovery passwords this station may release",
    verbs: ESCROW_VERBS,
  },
  {
    name: "ledger",
    description: "what happened, in order, and whether anybody changed it",
    verbs: [
      {
        name: "verify",
        description: "check every entry against the one before it, and the whole against signed checkpoints",
        load: async () => (await import("./ledger/verify.ts")).defineVerify,
      },
      {
        name: "checkpoint",
        description: "sign the ledger's last entry, to keep away from this station: on paper, a stick, a phone",
        load: async () => (await import("./ledger/checkpoint.ts")).defineCheckpoint,
      },
      {
        name: "export",
        description: "the ledger as JSON lines (docs/formats/ledger.md)",
        load: async () => (await import("./ledger/show.ts")).defineExport,
      },
      {
        name: "show",
        description: "the events as a table, times in UTC",
        load: async () => (await import("./ledger/show.ts")).defineShow,
      },
    ],
  },
  {
    name: "remedy",
    description: "what may be done on a device, and how to undo it",
    stateless: true,
    verbs: [
      {
        name: "list",
        description: "the remedies that come with breakglass",
        load: async () => (await import("./remedy.ts")).defineList,
      },
      {
        name: "show",
        description: "what one remedy would remove, in words",
        load: async () => (await import("./remedy.ts")).defineShow,
      },
      {
        name: "check",
        description: "does the file hold a valid remedy, and what would it do",
        load: async () => (await import("./remedy.ts")).defineCheck,
      },
      {
        name: "undo",
        description: "print the renames that put quarantined files back; it does none of them itself",
        load: async () => (await import("./remedy.ts")).defineUndo,
      },
    ],
  },
  {
    name: "image",
    description: "the recovery image that devices boot",
    stateless: true,
    verbs: [
      {
        name: "build",
        description: "build it from Debian's signed packages; the same packages give the same bytes",
        load: async () => (await import("./image.ts")).defineBuild,
      },
      {
        name: "verify",
        description: "is every byte of the image what its manifest says",
        load: async () => (await import("./image.ts")).defineVerify,
      },
    ],
  },
  {
    name: "drill",
    description: "rehearse a rescue in a lab on this machine, and keep the proof",
    stateless: true,
    verbs: [
      {
        name: "run",
        description: "break virtual devices, rescue them over a private network, and write a report",
        load: async () => (await import("./drill-options.ts")).defineRun,
      },
      {
        name: "list",
        description: "the scenarios, firmwares and networks, and what each of them is",
        load: async () => (await import("./drill-options.ts")).defineList,
      },
      {
        name: "rogue",
        description: "the attacker of a drill, for `drill run`",
        hidden: true,
        load: async () => (await import("./drill-options.ts")).defineRogue,
      },
    ],
  },
  {
    name: "explain",
    description: "say what went wrong with a network boot, from a capture of it (tcpdump, Wireshark)",
    stateless: true,
    load: async () => (await import("./explain.ts")).defineExplain,
  },
  {
    name: "token",
    description: "who may use the station's HTTPS API, and for what",
    verbs: [
      {
        name: "create",
        description: "make a token; its text is shown only once",
        load: async () => (await import("./token.ts")).defineCreate,
      },
      {
        name: "list",
        description: "all tokens that were ever made, and which are valid",
        load: async () => (await import("./token.ts")).defineList,
      },
      {
        name: "revoke",
        description: "from the next request on, this token opens nothing",
        load: async () => (await import("./token.ts")).defineRevoke,
      },
    ],
  },
  {
    name: "api",
    description: "the HTTPS API for scripts of the help desk (docs/api.md)",
    verbs: [
      {
        name: "serve",
        description: "answer the API alone: no network boot, no agents",
        load: async () => (await import("./api-options.ts")).defineServe,
      },
      {
        name: "describe",
        stateless: true,
        description: "the API's description, OpenAPI 3.1 (docs/openapi.json)",
        load: async () => (await import("./api-options.ts")).defineDescribe,
      },
    ],
  },
  {
    name: "support-bundle",
    description: "one file without secrets for people who look for a fault: log, ledger, versions, status",
    load: async () => (await import("./support-bundle.ts")).defineSupportBundle,
  },
];
