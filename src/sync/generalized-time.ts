/**
 * LDAP's GeneralizedTime as Active Directory writes it (RFC 4517 section 3.3.13, always UTC): `20240514092133.0Z`.
 * Milliseconds since 1970 UTC, or null if the text is not such a time.
 */
export function parseGeneralizedTime(text: string): number | null {
  const parts = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(?:[.,]\d+)?Z$/.exec(text);
  if (parts === null) return null;
  const [year, month, day, hour, minute, second] = parts.slice(1).map(Number) as [number, number, ...number[]];
  const time = Date.UTC(year, month - 1, day, hour, minute, second);
  // The 31st of February would silently become a day in March.
  return formatGeneralizedTime(time).slice(0, 14) === parts.slice(1).join("") ? time : null;
}

/** Whole seconds; Active Directory compares no finer. */
export function formatGeneralizedTime(milliseconds: number): string {
  return `${new Date(milliseconds).toISOString().slice(0, 19).replace(/[-:T]/g, "")}.0Z`;
}
