/** When a device came how far: milliseconds since all of them were switched on. */
export type Milestone = "acknowledged" | "loader" | "turn" | "image" | "hello" | "key" | "rescued" | "windows";

/** What one device did, as it is gathered. */
export interface DeviceRecord {
  readonly at: Partial<Record<Milestone, number>>;
  /** Network boots it needed: a firmware that gets no answer gives up, and is switched on again. */
  boots: number;
  /** Times it was told to wait for its turn. */
  waits: number;
  /** Bytes of loader, kernel, initrd and session that came; all of them were compared. */
  bytes: number;
  /** True if the recovery password it was given is the one that opens its volume; null if it was given none. */
  ownPassword: boolean | null;
  /** Why it network-booted again, or never came back; the last of them. */
  trouble: string | null;
}

export function newRecord(): DeviceRecord {
  return { at: {}, boots: 0, waits: 0, bytes: 0, ownPassword: null, trouble: null };
}
