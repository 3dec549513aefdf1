/** What is on a crash-test device's disk. */
export interface DiskRole {
  /** `bitlocker`: locked, the station's key is needed; `suspended`: BitLocker with a clear key; `plain`: NTFS alone. */
  readonly volume: "bitlocker" | "suspended" | "encrypting" | "plain";
  /** Which file fits the bad name: really bad, fixed already, or of another format. */
  readonly channelFile: "bad" | "good-only" | "wrong-header";
  /** True if Windows was hibernated: its memory is on the disk and the volume must not be written. */
  readonly hibernated: boolean;
}

/** What one crash-test device is and what is expected of it. */
export interface DeviceRole {
  readonly name: string;
  readonly disk: DiskRole;
  /** What the vault holds for it: the right password, none, or a valid password that is not this volume's. */
  readonly vault: "right" | "none" | "wrong";
  /** True if the inventory names it. */
  readonly known: boolean;
  /** Crashes to see before the rescue, healthy boots to see after it. */
  readonly crashes: number;
  readonly healthyBoots: number;
  /** The outcome its agent reports, or the reason it waits for. */
  readonly end: { readonly outcome: string } | { readonly waits: string };
  /** What must have changed on its disk: nothing, or the bad file gone into quarantine. */
  readonly change: "none" | "quarantine";
  /** Words that a person must have seen on its screen. */
  readonly screen: readonly string[];
}

/** What else happens while the devices are being rescued. */
export type Disturbance = "none" | "halt-while-waiting" | "station-killed" | "operator-confirms" | "attacker";

export interface Scenario {
  readonly name: string;
  readonly title: string;
  /** Why it is rehearsed: what a person responsible for the fleet learns from it. */
  readonly objective: string;
  readonly unknown: "confirm" | "auto" | "hold";
  readonly disturbance: Disturbance;
  readonly devices: readonly DeviceRole[];
}
