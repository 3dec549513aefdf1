/**
 * Names a remedy may put on a volume. Windows would read some spellings as another file (trailing dots and spaces are
 * dropped, `~1` may be a short name, a colon opens a stream, CON and its like are devices: Microsoft, "Naming Files,
 * Paths, and Namespaces"), so those spellings cannot be written here at all.
 */
export function nameProblem(name: string): string | null {
  if (name === "") return "is empty";
  if (name.length > 64) return "is longer than 64 characters";
  const forbidden = /[^A-Za-z0-9._ -]/u.exec(name);
  if (forbidden)
    return `contains ${JSON.stringify(forbidden[0])}: only letters, digits, ".", "_", "-" and space are allowed`;
  if (/^[. -]/.test(name)) return "starts with a dot, a space or a hyphen";
  if (/[. ]$/.test(name)) return "ends with a dot or a space";
  if (/^(con|prn|aux|nul|com[0-9]|lpt[0-9])(\.|$)/i.test(name)) return "is a device name to Windows";
  return null;
}

/** Relative to the volume's root, forward slashes. Says what is wrong with the first bad component, or null. */
export function pathProblem(path: string): string | null {
  for (const component of path.split("/")) {
    const problem = nameProblem(component);
    if (problem) return `component "${component}" ${problem}`;
  }
  return null;
}
