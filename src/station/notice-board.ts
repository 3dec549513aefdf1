import { Budget } from "./budget.ts";
import { type Notice, noticeText } from "./notice.ts";
import type { NoticeShare } from "./notice-table.ts";

/** Told in a minute of each share. What anybody on the LAN can bring about must not fill the operator's screen. */
const A_MINUTE: Readonly<Record<NoticeShare, number>> = {
  device: 120,
  finding: 20,
  lease: 20,
  unreadable: 20,
  fault: 20,
};

/** Lines kept in mind, of the inventory's devices and of all others; made-up devices must not fill the memory. */
const KEPT = 4096;

type Side = "known" | "stranger" | "station";

/** Decides which notices are told, for the whole station: no line twice, and no flood. */
export class NoticeBoard {
  readonly #now: () => number;
  readonly #isKnown: (device: string) => boolean;
  readonly #onNotice: (notice: Notice) => void;
  readonly #told: Readonly<Record<Side, Set<string>>> = { known: new Set(), stranger: new Set(), station: new Set() };
  readonly #budgets = new Map<string, Budget>();
  #untold = 0;

  /** `isKnown`: a campaign's inventory has this device; made-up ones neither crowd it out nor use up what it needs. */
  constructor(options: {
    readonly now: () => number;
    readonly isKnown: (device: string) => boolean;
    readonly onNotice: (notice: Notice) => void;
  }) {
    this.#now = options.now;
    this.#isKnown = options.isKnown;
    this.#onNotice = options.onNotice;
  }

  /** Notices that were not told because there were too many in their minute. */
  get untold(): number {
    return this.#untold;
  }

  /** Tells it, unless it was told before or its minute is full. */
  readonly tell = (notice: Notice): void => {
    const side = notice.device === null ? "station" : this.#isKnown(notice.device) ? "known" : "stranger";
    const told = this.#told[side];
    const text = noticeText(notice);
    if (notice.told === "once" && told.has(text)) return;
    if (notice.share !== null && !this.#budget(notice.share, side).take("", this.#now())) {
      this.#untold += 1;
      return;
    }
    if (notice.told === "once") {
      const [oldest] = told;
      if (told.size >= KEPT) told.delete(oldest!);
      told.add(text);
    }
    this.#onNotice(notice);
  };

  #budget(share: NoticeShare, side: Side): Budget {
    const name = `${share} ${side}`;
    const budget = this.#budgets.get(name) ?? new Budget({ perKey: A_MINUTE[share], keys: 1 });
    this.#budgets.set(name, budget);
    return budget;
  }
}
