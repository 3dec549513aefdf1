import type { JsonObject } from "../wire/json.ts";
import type { MacAddress } from "../wire/mac.ts";

/** What a running station tells of itself to its own user's other processes. No ledger has it. */
export interface StationNow {
  readonly pid: number;
  /** When it was started, milliseconds since 1970 UTC. */
  readonly since: number;
  readonly version: string;
  /** The interfaces it serves on; none where it is the operator API alone. */
  readonly lans: readonly { readonly name: string; readonly url: string }[];
  readonly sealed: boolean;
  /** Devices that load the recovery image, and devices that wait for their turn. */
  readonly loading: readonly MacAddress[];
  readonly waiting: readonly MacAddress[];
}

export function stationNowToJson({ lans, loading, waiting, ...rest }: StationNow): JsonObject {
  return { ...rest, lans: lans.map((each) => ({ ...each })), loading: [...loading], waiting: [...waiting] };
}

/** What a station answered; null if it is something else, as a station of another version may say. */
export function readStationNow(text: string): StationNow | null {
  try {
    const { pid, since, version, lans, sealed, loading, waiting } = JSON.parse(text) as Partial<StationNow>;
    const texts = (all: unknown) => Array.isArray(all) && all.every((each) => typeof each === "string");
    const good =
      Number.isInteger(pid) && Number.isInteger(since) && typeof version === "string" && typeof sealed === "boolean";
    const ways = Array.isArray(lans) && lans.every(({ name, url }) => texts([name, url]));
    if (!good || !ways || !texts(loading) || !texts(waiting)) return null;
    return { pid, since, version, lans, sealed, loading, waiting } as StationNow;
  } catch {
    return null;
  }
}
