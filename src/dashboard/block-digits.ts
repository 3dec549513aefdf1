// Digits drawn with block characters, two rows of dots to a line: on a laptop's screen a digit is then some 12 mm high,
// which a person reads from two metres. Each is five dots wide and seven high.
const DOTS: readonly (readonly string[])[] = [
  [" ### ", "#   #", "#   #", "#   #", "#   #", "#   #", " ### "],
  ["  #  ", " ##  ", "# #  ", "  #  ", "  #  ", "  #  ", "#####"],
  [" ### ", "#   #", "    #", "  ## ", " #   ", "#    ", "#####"],
  ["#### ", "    #", "    #", " ### ", "    #", "    #", "#### "],
  ["#  # ", "#  # ", "#  # ", "#####", "   # ", "   # ", "   # "],
  ["#####", "#    ", "#### ", "    #", "    #", "#   #", " ### "],
  [" ### ", "#    ", "#    ", "#### ", "#   #", "#   #", " ### "],
  ["#####", "    #", "   # ", "   # ", "  #  ", "  #  ", "  #  "],
  [" ### ", "#   #", "#   #", " ### ", "#   #", "#   #", " ### "],
  [" ### ", "#   #", "#   #", " ####", "    #", "    #", " ### "],
];

/** Lines that a row of digits takes. */
export const BLOCK_LINES = 4;

/** Decimal digits as BLOCK_LINES lines of text, six columns a digit, the last one five. */
export function blockDigits(digits: string): readonly string[] {
  const all = [...digits].map((digit) => DOTS[Number(digit)]!);
  return Array.from({ length: BLOCK_LINES }, (_, line) =>
    all
      .map((dots) => {
        const [upper, lower] = [dots[2 * line]!, dots[2 * line + 1] ?? ""];
        return Array.from(upper, (dot, x) => HALVES[dot === "#" ? 1 : 0]![lower[x] === "#" ? 1 : 0]).join("");
      })
      .join(" "),
  );
}

const HALVES = [
  [" ", "\u2584"],
  ["\u2580", "\u2588"],
];
