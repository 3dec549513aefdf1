import type { Standing } from "../dashboard/board.ts";
import { durationText, standText } from "../dashboard/board-text.ts";
import { count, formatTable, terminalWidth } from "./table.ts";

/** As many devices as a screen has lines for; the others are counted. */
const MOST = 40;

/**
 * The devices as a table, in their order; without `all` the first forty, and how many more. With `now` it says for how
 * long each has stood there.
 */
export function boardTable(devices: readonly Standing[], now: number | null, all: boolean): string {
  const shown = all ? devices : devices.slice(0, MOST);
  const rows = shown.map((each) => {
    const { device, name, session, since } = each;
    const age = now === null ? [] : [since === null ? "-" : durationText(Math.floor((now - since) / 1000))];
    const known = [device ?? "-", name ?? "-", session?.pairing ?? "-", session?.progress ?? "-"];
    return [...known, ...age, standText(each)];
  });
  const headings = ["DEVICE", "NAME", "PAIRING", "STAGE", ...(now === null ? [] : ["FOR"]), "STANDS"];
  const table = formatTable(headings, rows, terminalWidth());
  const more = devices.length - shown.length;
  return more === 0 ? table : `${table}and ${count(more, "more device")}: --all lists them\n`;
}
