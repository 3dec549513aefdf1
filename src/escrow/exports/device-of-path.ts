/** Words that files and folders of keys are named with, in some languages: no device's name has one as a part. */
const NO_NAME = new Set([
  ..."bitlocker bde key keys recovery recoverykey recoverykeys password passwords pwd export exports exported import".split(
    " ",
  ),
  ..."backup backups drive volume disk disks drives volumes protector protectors keyprotector keyprotectors".split(" "),
  ..."list lists fleet devices device computers computer inventory all new old copy file files data report output".split(
    " ",
  ),
  ..."manage get status info dump text document documents desktop downloads temp tmp archive windows system".split(" "),
  ..."schluessel schlüssel wiederherstellung wiederherstellungsschluessel wiederherstellungsschlüssel kennwort".split(
    " ",
  ),
  ..."clé cles clés clave claves chiave chiavi klucz klucze sleutel chave chaves".split(" "),
]);

/** What is added to a device's name: which drive it is of, that it is a copy. */
const ADDED =
  /([ _.-]+(drive|volume|laufwerk|lecteur|unidad|unità|disk)?[ _.-]*\(?[A-Z]\)?:?|[ _.-]*\(\d+\)|[ _-]+copy)$/i;
const DATE = /(19|20)\d\d[-_.]?(0\d|1[0-2])[-_.]?[0-3]\d/;

/**
 * The device that a file of a folder or zip is named after, or the folder it lies in: `PC-0001.txt`, `PC-0001_Drive_C.txt`,
 * `PC-0001/keys.txt`. Null where no part of the path could be one: a date, `bitlocker-keys`, a key protector's ID.
 */
export function deviceOfPath(path: string): string | null {
  const parts = path.split("/");
  const file = parts.pop()!.replace(/\.[A-Za-z]{2,5}$/, "");
  for (const part of [file, ...parts.reverse()]) {
    const name = deviceIn(part);
    if (name !== null) return name;
  }
  return null;
}

function deviceIn(part: string): string | null {
  const words = (text: string) => text.toLowerCase().split(/[^\p{L}\p{N}]+/u);
  const parts = part.split(/[ _]+/).filter((each) => each !== "");
  // `PC-0001 BitLocker keys`: what is left of it without such words.
  const own = parts.filter(
    (each) => !words(each).every((word) => NO_NAME.has(word.replace(/\d+$/, "")) || word === ""),
  );
  const text = own.join("_").replace(ADDED, "");
  if (!/^(?=.*[0-9-])(?=.*[A-Za-z])[A-Za-z0-9][A-Za-z0-9-]{0,14}$/.test(text) || DATE.test(text)) return null;
  return words(text).some((word) => NO_NAME.has(word.replace(/\d+$/, ""))) ? null : text;
}
