/** Bytes as test/vectors writes them: pairs of hexadecimal digits, `00*12` for repetition, 32 to a line. */
export function vectorBytes(input: Uint8Array): string {
  const tokens: string[] = [];
  for (let at = 0; at < input.length; ) {
    let count = 1;
    while (input[at + count] === input[at]) count++;
    const byte = input[at]!.toString(16).padStart(2, "0");
    if (count > 4) tokens.push(`${byte}*${count}`);
    else tokens.push(...Array<string>(count).fill(byte));
    at += count;
  }
  const lines: string[] = [];
  for (let at = 0; at < tokens.length; at += 32) lines.push(tokens.slice(at, at + 32).join(" "));
  return `${lines.join("\n")}\n`;
}
