/** Before BitLocker had a directory, and long after us: such a time is a mistake, or stands for "never". */
const EARLIEST = Date.UTC(2005, 0);
const LATEST = Date.UTC(2100, 0);

const ISO = /^(\d{4})-(\d\d)-(\d\d)[T ](\d\d):(\d\d):(\d\d)(?:\.\d+)?\s*(?:Z|([+-])(\d\d):?(\d\d))?$/;
const GENERALIZED = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(?:[.,]\d+)?(?:Z|([+-])(\d\d)(\d\d))?$/;

/** What Windows PowerShell 5 makes of a time in JSON. */
const COUNTED = /^\/Date\((\d{1,15})\)\/$/;

/**
 * Milliseconds since 1970 of a time as directories export it: LDAP's `20240514092133.0Z`, ISO 8601 with `T` or a space;
 * UTC where no offset is said. Null for anything else, above all `5/14/2024` and `14.05.2024`: which of the two numbers
 * is the month depends on the machine that wrote it.
 */
export function parseDirectoryTime(text: string): number | null {
  const counted = COUNTED.exec(text.trim());
  if (counted !== null) return plausible(Number(counted[1]));
  const found = ISO.exec(text.trim()) ?? GENERALIZED.exec(text.trim());
  if (found === null) return null;
  const [year, month, day, hour, minute, second] = found.slice(1, 7).map(Number) as [number, ...number[]];
  const local = new Date(Date.UTC(year, month! - 1, day, hour, minute, second));
  // Date rolls the 31st of February over into March.
  if (local.getUTCMonth() !== month! - 1 || local.getUTCDate() !== day || hour! > 23 || minute! > 59) return null;
  const [, , , , , , , sign, hours, minutes] = found;
  const offset = sign === undefined ? 0 : Number(`${sign}1`) * (Number(hours) * 60 + Number(minutes)) * 60_000;
  return plausible(local.getTime() - offset);
}

function plausible(time: number): number | null {
  return time >= EARLIEST && time < LATEST ? time : null;
}
