/** What is on a crash-test device's disk. */
export interface DiskRole {
  /** `bitlocker`: locked, the station's key is needed; `suspended`: BitLocker with a clear key; `plain`: NTFS alone. */
  readonly volume: "bitlocker" | "suspended" | "encrypting" | "plain";
  /** Which file fits the bad name: really bad, fixed already, or of another format. */
  readonly channelFile: "bad" | "good-only" | "wrong-header";
  /** True if Windows was hibernated: its memory is on the disk and the volume must not be written. */
  readonly hibernated: boolean;
  /** An older Windows, plain and without a bad file, on a partition before this volume. */
  readonly oldWindows?: boolean;
  /** How many of BitLocker's three copies of the metadata are zeroed, from the first on. */
  readonly damagedCopies?: number;
}

/** What one crash-test device is and what is expected of it. */
export interface DeviceRole {
  readonly name: string;
  /** `foreign`: a disk image that somebody brought; nothing is known of it before. */
  readonly disk: DiskRole | "foreign";
  /** What the vault holds for it: the right password, none, or a valid password that is not this volume's. */
  readonly vault: "right" | "none" | "wrong";
  /** True if the inventory names it. */
  readonly known: boolean;
  /** Crashes to see before the rescue, healthy boots to see after it. */
  readonly crashes: number;
  readonly healthyBoots: number;
  /** The outcome its agent reports, or the reason it waits for; any outcome will do for a disk nobody knows. */
  readonly end: { readonly outcome: string } | { readonly waits: string } | "any";
  /** What must have changed on its disk: nothing, the bad file gone into quarantine, or exactly what the agent reports. */
  readonly change: "none" | "quarantine" | "as-reported";
  /** Words that a person must have seen on its screen. */
  readonly screen: readonly string[];
}

/** What else happens while the devices are being rescued. */
export type Disturbance = "none" | "halt-while-waiting" | "station-killed" | "operator-confirms" | "attacker";

/** The outcome word or reason word that is expected of a role. */
export function expectedEnd({ end }: Pick<DeviceRole, "end">): string {
  if (end === "any") return "any outcome";
  return "outcome" in end ? end.outcome : end.waits;
}

export interface Scenario {
  readonly name: string;
  readonly title: string;
  /** Why it is rehearsed: what a person responsible for the fleet learns from it. */
  readonly objective: string;
  readonly unknown: "confirm" | "auto" | "hold";
  readonly disturbance: Disturbance;
  readonly devices: readonly DeviceRole[];
}
