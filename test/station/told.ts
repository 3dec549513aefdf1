import { type Notice, noticeText } from "../../src/station/notice.ts";
import { NoticeBoard } from "../../src/station/notice-board.ts";

/** Puts what a station would tell into a list, as text. */
export function toldTo(
  list: string[],
  options: { readonly now: () => number; readonly isKnown?: (device: string) => boolean },
): (notice: Notice) => void {
  const { now, isKnown = () => false } = options;
  return new NoticeBoard({ now, isKnown, onNotice: (notice) => list.push(noticeText(notice)) }).tell;
}
