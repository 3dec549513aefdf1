/** How sure it is that the device's recovery password is there when it is needed. */
export type CoverageState = "covered" | "doubtful" | "missing";

export type CoverageFinding =
  | "no-name"
  | "no-deposit"
  | "only-other-volumes"
  | "named-twice"
  | "domain-differs"
  | "other-device-id"
  | "conflict"
  | "released"
  | "stale"
  | "dated-ahead"
  | "renamed"
  | "several-device-ids"
  | "several-protectors"
  | "first8-shared"
  | "bad-mark"
  | "listed-twice";

/** One finding for people. `state` is the best that a device with it can be. */
export interface FindingText {
  readonly is: CoverageFinding;
  readonly state: CoverageState;
  /** Of several devices. */
  readonly title: string;
  readonly next: string;
}

/** All findings, the worst first: the order of every list of them. */
export const FINDINGS: readonly FindingText[] = [
  {
    is: "no-deposit",
    state: "missing",
    title: "The vault has no recovery password under this name or device ID",
    next: "Look in the directory. If it is not there, have it escrowed; then export again and import. If the device is not encrypted, remove it from the inventory.",
  },
  {
    is: "only-other-volumes",
    state: "missing",
    title: "Only passwords of data volumes; none opens the volume that Windows starts from",
    next: "Have the password of its OS volume escrowed, export again, import.",
  },
  {
    is: "no-name",
    state: "missing",
    title: "The row has neither a name nor a device ID, so nothing can be looked up",
    next: "Fill in the row's name.",
  },
  {
    is: "named-twice",
    state: "doubtful",
    title: "Several devices of the inventory have this name; the deposits match each of them",
    next: "Add domains or a deviceId column to the rows, or delete the row of the device that is gone.",
  },
  {
    is: "domain-differs",
    state: "doubtful",
    title: "The name matches, the domain does not",
    next: "Find out whether it is one device. If so, correct the inventory, or rename the device in the directory.",
  },
  {
    is: "other-device-id",
    state: "doubtful",
    title: "The name matches, Entra's device ID does not: perhaps the device was installed again",
    next: "Find the device in Entra, have its present password escrowed, export again, import.",
  },
  {
    is: "conflict",
    state: "doubtful",
    title: "Several different passwords for one key protector ID; only the device can tell which is right",
    next: "On the device: manage-bde -protectors -get C:, and compare. Or rotate its password, export again, import.",
  },
  {
    is: "released",
    state: "doubtful",
    title: "A password was released, and no newer one was imported since",
    next: "Rotate its password. If that is already done, export again and import.",
  },
  {
    is: "stale",
    state: "doubtful",
    title: "The newest password is older than --max-age allows",
    next: "If the device is still in use: rotate its password, export again, import.",
  },
  {
    is: "dated-ahead",
    state: "doubtful",
    title: "The newest password has a date in the future, so its age is unknown",
    next: "Check this machine's clock, and the directory's.",
  },
  {
    is: "renamed",
    state: "covered",
    title: "Known by its device ID; the vault has it under another name",
    next: "Nothing now. A rescue will ask for its pairing code, because the names differ.",
  },
  {
    is: "several-device-ids",
    state: "covered",
    title: "Several of Entra's device IDs under one name",
    next: "Delete stale devices in Entra, or give the inventory a deviceId column.",
  },
  {
    is: "several-protectors",
    state: "covered",
    title: "Several key protectors; the device asks for its own by ID",
    next: "Nothing. Active Directory never deletes old ones.",
  },
  {
    is: "first8-shared",
    state: "covered",
    title: "The first 8 characters of its key protector ID are also those of another one",
    next: "Network boot: nothing. By hand: read out the whole ID, or the device's name.",
  },
  {
    is: "bad-mark",
    state: "covered",
    title: "A MAC, UUID or serial number in the inventory does not identify this device",
    next: "Correct it before an incident: campaign arm refuses an inventory with such a row.",
  },
  {
    is: "listed-twice",
    state: "covered",
    title: "The inventory has the same row more than once; it was counted once",
    next: "Delete the second row: campaign arm refuses it.",
  },
];

export const findingText = (is: CoverageFinding): FindingText => FINDINGS.find((each) => each.is === is)!;
