import { styleText } from "node:util";
import type { CampaignState } from "../campaign/campaign.ts";
import { type TimelineLine, timelineLine } from "../dashboard/timeline.ts";
import type { Entry } from "../ledger/entry.ts";
import type { Station } from "../server/station.ts";
import { type Notice, noticeText, noticeWords } from "../station/notice.ts";
import { campaignLine } from "./campaign.ts";
import { writeLine } from "./seal-terminal.ts";
import { folded, terminalWidth } from "./table.ts";

/** How a serving station tells what happens: to a person, or to a script. */
export interface Say {
  entry(entry: Entry): void;
  notice(notice: Notice): void;
  ready(station: Station, state: string): void;
  campaign(state: CampaignState): void;
  periodic(station: Station): void;
  counters(station: Station): void;
  farewell(text: string): void;
}

/** `notice` is the whole line of text. */
export function noticeJson(told: Notice): object {
  const { reason, device, part, cure } = told;
  return { notice: noticeText(told), reason, device, part, cure };
}

const print = (line: string) => writeLine(line);

export const sayJson: Say = {
  entry: (entry) => print(JSON.stringify({ entry })),
  notice: (notice) => print(JSON.stringify(noticeJson(notice))),
  ready: ({ lans }) => {
    for (const { name, url } of lans) print(JSON.stringify({ ready: { url, interface: name } }));
  },
  campaign: (campaign) => print(JSON.stringify({ campaign: campaign.is })),
  periodic: (station) => sayJson.counters(station),
  counters: (station) => print(JSON.stringify({ counters: station.counters() })),
  farewell: () => {},
};

const COLOURS: Readonly<Record<TimelineLine["mark"], "green" | "red" | "yellow" | "reset">> = {
  good: "green",
  bad: "red",
  wait: "yellow",
  plain: "reset",
};

const clock = (at: number) => new Date(at).toTimeString().slice(0, 8);

export const sayPlain: Say = {
  entry(entry) {
    const { at, device, mark, text } = timelineLine(entry);
    print(`${clock(at)}  ${(device ?? "station").padEnd(17)}  ${styleText(COLOURS[mark], text)}`);
  },
  notice(notice) {
    const line = `${clock(Date.now())}  ${(notice.device ?? "station").padEnd(17)}  ${noticeWords(notice)}`;
    for (const each of folded(line, terminalWidth())) print(styleText("yellow", each));
  },
  ready({ lans }, state) {
    for (const { name, url } of lans) print(`Ready on ${name}, agents at ${url}.`);
    print(`Stop the station: Ctrl-C.\nStop everything: breakglass halt --state ${state}`);
  },
  campaign: (campaign) => print(styleText(campaign.is === "armed" ? "green" : "yellow", campaignLine(campaign))),
  periodic: () => {},
  counters(station) {
    const { dhcp, tftp, http, control, loads, interfaces } = station.counters();
    print("\nThe station has stopped. Devices that wait go on when it is started again. What it was asked:");
    for (const [name, counts] of Object.entries({ dhcp, tftp, http, control, loads, interfaces })) {
      const text = Object.entries(counts)
        .filter(([, count]) => count > 0)
        .map(([what, count]) => `${what} ${count}`);
      print(`${name.padEnd(10)} ${text.join(", ") || "nothing"}`);
    }
  },
  farewell: (text) => process.stdout.write(text),
};
