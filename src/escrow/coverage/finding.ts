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
    next: "Is it in the directory? Have it escrowed there, export anew, import. Is it encrypted at all? If not, say so in the inventory.",
  },
  {
    is: "only-other-volumes",
    state: "missing",
    title: "Only passwords of data volumes: none opens the volume that Windows starts from",
    next: "Have the password of its OS volume escrowed, export anew, import.",
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
    title: "Several devices of the inventory have this name; the deposits fit any of them",
    next: "Give the rows their domains or a deviceId column, or take out the one that is gone.",
  },
  {
    is: "domain-differs",
    state: "doubtful",
    title: "The name fits, the domain does not",
    next: "Find out whether they are one device. If so, correct the inventory or rename it in the directory.",
  },
  {
    is: "other-device-id",
    state: "doubtful",
    title: "The name fits, Entra's device ID does not: perhaps from before the device was set up anew",
    next: "Look the device up in Entra, have its present password escrowed, export anew, import.",
  },
  {
    is: "conflict",
    state: "doubtful",
    title: "Several different passwords for one key protector ID; only the device can tell which is right",
    next: "On the device: manage-bde -protectors -get C:, and compare. Or rotate its password, export anew, import.",
  },
  {
    is: "released",
    state: "doubtful",
    title: "A password was released, and nothing newer has come since",
    next: "Rotate its password, or if that has happened already, export anew; import.",
  },
  {
    is: "stale",
    state: "doubtful",
    title: "The newest password is older than asked for",
    next: "Look whether the device is still in use. Then rotate its password, export anew, import.",
  },
  {
    is: "dated-ahead",
    state: "doubtful",
    title: "The newest password bears a date that is still to come, so its age is unknown",
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
    title: "Several key protectors; the volume's own is asked for by its ID",
    next: "Nothing. Active Directory never deletes old ones.",
  },
  {
    is: "first8-shared",
    state: "covered",
    title: "The first 8 characters of its key protector ID are those of another one, too",
    next: "By network boot nothing. By hand: read out the whole ID, or the device's name.",
  },
  {
    is: "bad-mark",
    state: "covered",
    title: "A mark in the inventory does not tell this device apart",
    next: "Correct it before the day: campaign arm refuses an inventory with such a row.",
  },
  {
    is: "listed-twice",
    state: "covered",
    title: "The inventory has the same row more than once; it was counted once",
    next: "Take the second one out: campaign arm refuses it.",
  },
];

export const findingText = (is: CoverageFinding): FindingText => FINDINGS.find((each) => each.is === is)!;
