import type { Finding } from "../explain/explain.ts";
import type { Reason } from "../explain/findings/table.ts";
import { NOTICES, type NoticeFacts, type NoticeLevel, type NoticeReason, type NoticeShare } from "./notice-table.ts";

/** The parts of a station that a notice can be about. */
type StationPart = "dhcp" | "leases" | "loads" | "network" | "vault" | "ledger" | "api" | "machine" | "station";

/** What an operator should know and no ledger entry says. The same value goes to the screen, to the log and to the API. */
export interface Notice {
  readonly reason: NoticeReason | Reason;
  readonly level: NoticeLevel;
  /** A device's MAC address, or the name that the ears know it by; or null, and `part` says what it is about. */
  readonly device: string | null;
  readonly part: StationPart | null;
  readonly what: string;
  readonly cure: string | null;
  /** What the words were made of: numbers, addresses, names. */
  readonly facts: Readonly<Record<string, string | number>>;
  readonly told: "once" | "each";
  readonly share: NoticeShare | null;
}

export function notice<R extends NoticeReason>(
  reason: R,
  about: { readonly device: string } | StationPart,
  ...facts: NoticeFacts<R>
): Notice {
  const kind: {
    readonly level: NoticeLevel;
    readonly told: "once" | "each";
    readonly share?: NoticeShare;
    what(...facts: readonly unknown[]): string;
    cure?(...facts: readonly unknown[]): string;
  } = NOTICES[reason] as never;
  return {
    ...{ reason, level: kind.level, told: kind.told, share: kind.share ?? null },
    ...(typeof about === "string" ? { device: null, part: about } : { device: about.device, part: null }),
    what: kind.what(...facts),
    cure: kind.cure?.(...facts) ?? null,
    facts: { ...(facts[0] as Readonly<Record<string, string | number>> | undefined) },
  };
}

/** What the ears found about a device: those have their words from the rule that found it. */
export function findingNotice(device: string, { reason, what, cure }: Finding): Notice {
  const about = { device, part: null, what: `${reason}: ${what}`, cure, facts: {} };
  return { reason, level: "warning", told: "each", share: "finding", ...about };
}

/** A notice as one line of text. */
export function noticeText({ device, what, cure, share }: Notice): string {
  const name = device === null ? "" : `${device}${share === "finding" ? ":" : ""} `;
  return `${name}${noticeWords({ what, cure })}`;
}

/** The same without the device, for a line that names it already. */
export function noticeWords({ what, cure }: Pick<Notice, "what" | "cure">): string {
  if (cure === null) return what;
  return `${what}${what.endsWith(".") ? "" : "."} Do: ${cure}`;
}
