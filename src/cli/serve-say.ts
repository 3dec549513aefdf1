import { styleText } from "node:util";
import type { CampaignState } from "../campaign/campaign.ts";
import type { Board } from "../dashboard/board.ts";
import { boardLine } from "../dashboard/board-text.ts";
import { type TimelineLine, timelineLine } from "../dashboard/timeline.ts";
import type { Entry } from "../ledger/entry.ts";
import type { Station, StationCounters } from "../server/station.ts";
import { type Notice, notice, noticeText, noticeWords } from "../station/notice.ts";
import type { NoticeLevel } from "../station/notice-table.ts";
import { campaignLine } from "./campaign-line.ts";
import { pasteable, shellQuoted } from "./next-step.ts";
import { outputCause } from "./output.ts";
import { Screen, standardOutput } from "./screen.ts";
import { folded, terminalWidth } from "./table.ts";
import { clockText as clock } from "./zoned-time.ts";

/** What a station was asked, and what of its own words was lost. */
type ServeCounters = StationCounters & { readonly output: Readonly<Record<string, number>> };

/** How a serving station tells what happens: to a person, or to a script. */
export interface Say {
  entry(entry: Entry): void;
  notice(notice: Notice): void;
  ready(station: Station, state: string): void;
  campaign(state: CampaignState): void;
  periodic(counters: ServeCounters): void;
  /** Where all devices stand now: one line that is written over. */
  stands(sealed: boolean, board: Board): void;
  counters(counters: ServeCounters): void;
  farewell(text: string): void;
}

/** A line for scripts: when it was told, how serious it is, and what happened. */
export function jsonLine(level: NoticeLevel, event: object): string {
  return JSON.stringify({ time: new Date().toISOString(), level, ...event });
}

/** `notice` is the whole line of text. */
export function noticeLine(told: Notice): string {
  const { level, reason, device, part, cure } = told;
  return jsonLine(level, { notice: noticeText(told), reason, device, part, cure });
}

/** Standard output. What cannot be written there is told like everything else. */
export function openScreen(tell: (notice: Notice) => void): Screen {
  return new Screen(standardOutput(), {
    onTrouble: (code) => tell(notice("output-lost", "machine", { why: outputCause(code) })),
    onBack: (lines) => tell(notice("output-back", "machine", { lines })),
  });
}

/** How serious an entry is, by what the timeline makes of it. */
function entryLevel(entry: Entry): NoticeLevel {
  return timelineLine(entry).mark === "bad" ? "warning" : "info";
}

export function sayJson(screen: Screen): Say {
  const info = (event: object) => screen.line(jsonLine("info", event));
  return {
    entry: (entry) => screen.line(jsonLine(entryLevel(entry), { entry })),
    notice: (notice) => screen.line(noticeLine(notice)),
    ready: ({ lans }) => {
      for (const { name, url } of lans) info({ ready: { url, interface: name } });
    },
    campaign: (campaign) => info({ campaign: campaign.is }),
    stands: () => {},
    periodic: (counters) => info({ counters }),
    counters: (counters) => info({ counters }),
    farewell: () => {},
  };
}

const COLOURS: Readonly<Record<TimelineLine["mark"], "green" | "red" | "yellow" | "reset">> = {
  good: "green",
  bad: "red",
  wait: "yellow",
  plain: "reset",
};

export function sayPlain(screen: Screen): Say {
  const print = (line: string) => screen.line(line);
  return {
    entry(entry) {
      const { at, device, mark, text } = timelineLine(entry);
      print(`${clock(at)}  ${(device ?? "station").padEnd(17)}  ${styleText(COLOURS[mark], text)}`);
    },
    notice(notice) {
      const line = `${clock(Date.now())}  ${(notice.device ?? "station").padEnd(17)}  ${noticeWords(notice)}`;
      for (const each of folded(pasteable(line), terminalWidth())) print(styleText("yellow", each));
    },
    ready({ lans }, state) {
      for (const { name, url } of lans) print(`Ready on ${name}, agents at ${url}.`);
      print(pasteable(`Stop the station: Ctrl-C.\nStop everything: breakglass halt --state ${shellQuoted(state)}`));
    },
    campaign: (campaign) =>
      print(styleText(campaign.is === "armed" ? "green" : "yellow", pasteable(campaignLine(campaign)))),
    periodic: () => {},
    stands(sealed, board) {
      if (!process.stdout.isTTY) return;
      const vault = sealed ? "vault SEALED" : "vault unsealed";
      const line = `${vault}, campaign ${board.campaign.is}; ${boardLine(board)}`;
      screen.status(line.slice(0, terminalWidth() - 1));
    },
    counters({ dhcp, tftp, http, control, loads, interfaces, output }) {
      screen.status("");
      print("\nThe station has stopped. Devices that wait go on when it is started again. What it was asked:");
      for (const [name, counts] of Object.entries({ dhcp, tftp, http, control, loads, interfaces, output })) {
        const text = Object.entries(counts)
          .filter(([, count]) => count > 0)
          .map(([what, count]) => `${what} ${count}`);
        print(`${name.padEnd(10)} ${text.join(", ") || "nothing"}`);
      }
    },
    farewell: (text) => {
      if (text !== "") print(text.trimEnd());
    },
  };
}
