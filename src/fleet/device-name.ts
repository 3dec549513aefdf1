/**
 * The device's name in a directory export's `Hostname` cell: an Active Directory distinguished name gives its first CN
 * (RFC 4514 escapes undone: `CN=Lab\, left,OU=...`), anything else is the name itself. Null for an empty cell.
 */
export function deviceNameOf(cell: string): string | null {
  const text = cell.trim();
  const value = /^CN=((?:\\.|[^\\,+])*)/is.exec(text)?.[1];
  const name = value === undefined ? accountOf(text) : withoutMark(unescapeValue(value).trim());
  return name === "" || /^(null|deleted objects|lostandfound)$/i.test(name) ? null : name;
}

/** Without what Active Directory adds to the name of an object that was deleted or stands twice: a line feed, a GUID. */
function withoutMark(name: string): string {
  return name.replace(/[\n\r](?:DEL|CNF):[0-9a-f-]*$/i, "");
}

/** Without the NetBIOS domain before it (`CORP\PC-0001`), and the `$` of a computer's account. */
function accountOf(name: string): string {
  return withoutMark(name)
    .replace(/^[^\\/\s]{1,15}\\(?=[^\\]+$)/, "")
    .replace(/\$$/, "");
}

/**
 * The device of an `msFVE-RecoveryInformation` object's distinguished name: the object lies under its computer, so it
 * is the second part, `CN=<time>{<GUID>},CN=PC-0001,OU=...`. Null if there is none.
 */
export function deviceAbove(distinguishedName: string): string | null {
  const above = /^\s*[^=,]+=(?:\\.|[^\\,])*,\s*(CN=.*)$/is.exec(distinguishedName)?.[1];
  return above === undefined ? null : deviceNameOf(above);
}

/** RFC 4514 section 2.4: a backslash before the character itself, or before two hex digits of a UTF-8 byte. */
function unescapeValue(value: string): string {
  return value
    .replace(/(?:\\[0-9a-f]{2})+/gi, (bytes) => Buffer.from(bytes.replaceAll("\\", ""), "hex").toString("utf8"))
    .replace(/\\(.)/gs, "$1");
}

/** A device's name without its domain and case: `PC-0001.corp.example` and `pc-0001` name one device. */
export function bareName(name: string): string {
  return accountOf(name).split(".", 1)[0]!.toLowerCase();
}

/** The domain in a device's name, lower case; empty if it has none. */
export function domainOf(name: string): string {
  return name.slice(name.split(".", 1)[0]!.length + 1).toLowerCase();
}
