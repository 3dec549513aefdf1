/** What a campaign says of one device. Whoever acts on it needs no more of the campaign than its name and its rate. */
interface Admitted {
  readonly admitted: true;
  readonly campaign: {
    readonly campaign: string;
    /** Different pairs of device and key protector that may be released within a minute; absent: as escrow has it. */
    readonly releaseRate?: number;
  };
  /** The inventory's name for the device; null if it is not in the inventory. */
  readonly name: string | null;
  /** True if an operator has to match the pairing code before a recovery password may leave. */
  readonly confirm: boolean;
}

interface Held {
  readonly admitted: false;
  readonly reason: "no-campaign" | "halted" | "not-in-plan";
}

export type Admission = Admitted | Held;
