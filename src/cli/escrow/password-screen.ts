import { type PasswordView, passwordViews, plainDigits } from "../../dashboard/password-views.ts";
import type { Secret } from "../../wire/secret.ts";

const ESC = "\u001b[";
/** xterm's alternate screen, which has no scrollback; a terminal that knows none stays where it is, and is wiped. */
const ENTER = `${ESC}?1049h${ESC}?25l`;
const LEAVE = `${ESC}?25h${ESC}?1049l`;
/** Keys typed before there was anything to see, such as a second Enter after the passphrase, hide nothing. */
const DEAF_MS = 400;
const FORWARD = new Set([" ", "n", `${ESC}C`]);
const BACK = new Set(["b", "p", `${ESC}D`]);
const HEADER_LINES = 3;
const FOOTER_LINES = 2;

/**
 * Shows one recovery password on the terminal's alternate screen until a key is pressed or `seconds` have passed since
 * the last look through it, and leaves nothing of it behind. `heading` says whose it is. Space and b go through digits,
 * QR code and the groups' bar codes. Standard input and output have to be one terminal.
 */
export async function showPassword(password: Secret<string>, heading: string, seconds: number): Promise<void> {
  const views = await passwordViews(password);
  const { stdin, stdout } = process;
  const leave = () => stdout.write(wiped(stdout.rows) + LEAVE);
  // A terminal that was closed takes nothing any more, and has nothing to hide.
  const gone = () => {};
  stdout.on("error", gone);
  process.once("exit", leave);
  stdout.write(ENTER);
  stdin.setRawMode(true).resume();
  await new Promise<void>((hidden) => {
    const began = performance.now();
    let shown = 0;
    let left = seconds;
    const paint = () =>
      stdout.write(screenOf(fitting(views[shown]!, password), heading, stdout) + footer(left, stdout));
    const hide = () => {
      clearInterval(ticking);
      stdin.off("data", key).off("end", hide);
      stdout.off("resize", paint);
      for (const signal of SIGNALS) process.off(signal, hide);
      hidden();
    };
    const key = (bytes: Buffer) => {
      if (performance.now() - began < DEAF_MS) return;
      const text = bytes.toString("latin1");
      const step = FORWARD.has(text) ? 1 : BACK.has(text) ? -1 : 0;
      if (step === 0) return hide();
      shown = (shown + step + views.length) % views.length;
      left = seconds;
      paint();
    };
    const ticking = setInterval(() => {
      left -= 1;
      if (left <= 0) hide();
      else stdout.write(footer(left, stdout));
    }, 1000);
    for (const signal of SIGNALS) process.on(signal, hide);
    stdout.on("resize", paint);
    stdin.on("data", key).on("end", hide);
    paint();
  });
  stdin.setRawMode(false).pause();
  process.off("exit", leave);
  leave();
  stdout.off("error", gone);
}

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP", "SIGTSTP", "SIGQUIT"] as const;

interface Size {
  readonly columns: number;
  readonly rows: number;
}

/** The view, or what is left to say where the terminal is too small for it. */
function fitting(view: PasswordView, password: Secret<string>): PasswordView {
  const { columns, rows } = process.stdout;
  const lines = view.lines.length + HEADER_LINES + FOOTER_LINES;
  if (view.width <= columns && lines <= rows) return view;
  return { ...plainDigits(password), title: `A larger window (${view.width} by ${lines}) shows more.` };
}

/** Every line is set where it belongs and none ends in a line feed: nothing scrolls, so nothing is kept. */
function screenOf(view: PasswordView, heading: string, { columns, rows }: Size): string {
  const lines = [cut(heading, columns), cut(view.title, columns), "", ...view.lines].slice(0, rows - 1);
  return wiped(rows) + lines.map((line, index) => at(index + 1, line)).join("");
}

function footer(left: number, { columns, rows }: Size): string {
  const text = `Space: as codes for a scanner. Any other key hides it; by itself in ${left} s.`;
  return at(rows, `${ESC}2K${cut(text, columns - 1)}`);
}

const cut = (line: string, columns: number) => [...line].slice(0, columns).join("");

const at = (row: number, text: string) => `${ESC}${row};1H${text}`;

/** Line by line: clearing the whole screen makes some terminals push what was on it into their scrollback. */
function wiped(rows: number): string {
  return Array.from({ length: rows }, (_, row) => at(row + 1, `${ESC}2K`)).join("") + at(1, "");
}
