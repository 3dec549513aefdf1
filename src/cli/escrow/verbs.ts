import type { Verb } from "../verb.ts";

/** The verbs of `breakglass escrow`. None but `release` ever shows a recovery password. */
export const ESCROW_VERBS: readonly Verb[] = [
  {
    name: "init",
    description: "make a new, empty vault under a passphrase",
    load: async () => (await import("./init.ts")).defineInit,
  },
  {
    name: "import",
    description: "deposit a directory's export, whatever form it has; the vault may stay sealed",
    load: async () => (await import("./import.ts")).defineImport,
  },
  {
    name: "status",
    description: "what the vault holds and how old that is, counted without opening anything",
    load: async () => (await import("./status.ts")).defineStatus,
  },
  {
    name: "sync",
    description: "bring a live source into the vault; the vault may stay sealed",
    verbs: [
      {
        name: "ldap",
        description: "read the recovery passwords that Active Directory keeps",
        load: async () => (await import("./sync.ts")).defineLdap,
      },
      {
        name: "sftp",
        description: "fetch a nightly export from an SFTP server",
        load: async () => (await import("./sync-sftp.ts")).defineSftp,
      },
    ],
  },
  {
    name: "release",
    description: "show one recovery password for a device that cannot network-boot; it is in the ledger first",
    load: async () => (await import("./release.ts")).defineRelease,
  },
  {
    name: "rotation",
    description: "the recovery passwords that were released, to be rotated",
    verbs: [
      {
        name: "list",
        description: "each released password until a newer one of its device is deposited; shows none",
        load: async () => (await import("./rotation.ts")).defineList,
      },
      {
        name: "commands",
        description: "what the directory team runs to rotate them, with the devices filled in",
        load: async () => (await import("./rotation.ts")).defineCommands,
      },
      {
        name: "done",
        description: "take a device off the list that was rotated and will be in no newer export",
        load: async () => (await import("./rotation.ts")).defineDone,
      },
    ],
  },
  {
    name: "find",
    description: "which deposits match; shows no recovery password",
    load: async () => (await import("./find.ts")).defineFind,
  },
  {
    name: "coverage",
    description: "which devices of an inventory the vault could not help; the vault may stay sealed",
    load: async () => (await import("./coverage.ts")).defineCoverage,
  },
  {
    name: "verify",
    description: "check the vault: the file, and the shape of every deposit; with --open also decrypt every record",
    load: async () => (await import("./keep-whole.ts")).defineVerify,
  },
  {
    name: "backup",
    description: "make a checked copy of the vault, even while it is in use",
    load: async () => (await import("./keep-whole.ts")).defineBackup,
  },
  {
    name: "restore",
    description: "put a backup in the place of the vault, which is kept under another name",
    load: async () => (await import("./keep-whole.ts")).defineRestore,
  },
  {
    name: "adopt-ledger",
    description: "the vault's ledger is lost for good: go on with the one beside it, or with a new one",
    load: async () => (await import("./keep-whole.ts")).defineAdoptLedger,
  },
  {
    name: "rekey",
    description: "replace the vault's passphrase; custodians and deposits stay as they are",
    load: async () => (await import("./locks.ts")).defineRekey,
  },
  {
    name: "custodians",
    description: "several people who open the vault together",
    verbs: [
      {
        name: "split",
        description: "make share cards for custodians; cards of an earlier split no longer open the vault",
        load: async () => (await import("./locks.ts")).defineSplit,
      },
    ],
  },
  {
    name: "lock",
    description: "the ways to open the vault: passphrase, custodians",
    verbs: [
      {
        name: "list",
        description: "each way to open the vault, and changes that were announced but never made",
        load: async () => (await import("./locks.ts")).defineList,
      },
      {
        name: "remove",
        description: "take away one way to open the vault, opening it by another; never the last one",
        load: async () => (await import("./locks.ts")).defineRemove,
      },
    ],
  },
  {
    name: "unseal",
    description: "unseal the vault of the running station, without a restart",
    load: async () => (await import("./unseal.ts")).defineUnseal,
  },
];
