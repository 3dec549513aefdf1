import type { Admission } from "../fleet/admission.ts";
import { bareName, domainOf } from "../fleet/device-name.ts";
import type { Guid } from "../wire/guid.ts";
import type { Deposit } from "./deposit.ts";
import type { CampaignReleases } from "./released.ts";

/** What a release knows of the device that asks. */
interface Asking {
  readonly admission: Admission;
  readonly session: { readonly session: string; readonly marks?: { readonly serial?: string | null } };
  readonly tried: readonly Guid[];
  readonly deposits: readonly Deposit[];
  readonly released: CampaignReleases;
}

/** True for a password that is only known to be a device's: its export has no key protector ID, or a part of one. */
export function isPartial({ partialId }: Pick<Deposit, "partialId">): boolean {
  return (partialId ?? null) !== null;
}

/**
 * The device's own deposits without a whole ID, each as one of a listed key protector that it may belong to: those with
 * an ID's first 8 characters before those with nothing. One that this session was given and reports as tried is not
 * offered again.
 */
export function offersByDevice(question: Asking, listed: readonly Guid[]): Deposit[] {
  const own = question.deposits.filter((deposit) => isPartial(deposit) && isOwn(question, deposit));
  const ordered = [
    ...own.filter(({ partialId }) => partialId !== ""),
    ...own.filter(({ partialId }) => partialId === ""),
  ];
  return ordered.flatMap((deposit) => offered(question, deposit, listed));
}

function offered({ session, tried, released }: Asking, deposit: Deposit, listed: readonly Guid[]): Deposit[] {
  const fitting = listed.filter((id) => id.startsWith(deposit.partialId!));
  const releases = released.bySession.get(session.session) ?? [];
  const as = releases.find(({ depositId }) => depositId === deposit.depositId)?.protectorId;
  if (as === undefined) {
    const protectorId = fitting.find((id) => !tried.includes(id)) ?? fitting[0];
    return protectorId === undefined ? [] : [{ ...deposit, protectorId }];
  }
  // The agent names a protector once for each password of it that was wrong; an answer that got lost is given again.
  const given = [...new Set(releases.filter((each) => each.protectorId === as).map(({ depositId }) => depositId))];
  const wrong = tried.filter((id) => id === as).length > given.indexOf(deposit.depositId);
  return wrong || !fitting.includes(as) ? [] : [{ ...deposit, protectorId: as }];
}

/** By the inventory's name; a domain or serial number that both sides say must agree. By serial number if one has no name. */
function isOwn({ admission, session }: Asking, { deviceName, serial = null }: Deposit): boolean {
  const name = admission.admitted ? admission.name : null;
  const mine = session.marks?.serial ?? null;
  const sameSerial = serial !== null && mine !== null && serial.toLowerCase() === mine.toLowerCase();
  if (serial !== null && mine !== null && !sameSerial) return false;
  if (deviceName === null || name === null) return sameSerial;
  const domains = [domainOf(deviceName), domainOf(name)];
  const agree = domains[0] === domains[1] || domains.includes("");
  return bareName(deviceName) === bareName(name) && agree;
}
