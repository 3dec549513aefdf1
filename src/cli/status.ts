import type { Command } from "commander";
import { type Board, type BoardState, foldBoard, newBoard, readBoard, type Standing } from "../dashboard/board.ts";
import { boardLine, durationText, estimateText, standText } from "../dashboard/board-text.ts";
import type { Ledger } from "../ledger/ledger.ts";
import { can } from "../server/platform/platform.ts";
import { PLATFORM } from "../server/platform/this-platform.ts";
import { askStation } from "../server/unseal-socket.ts";
import type { StationNow } from "../station/station-now.ts";
import { boardTable } from "./board-table.ts";
import { campaignLines } from "./campaign-line.ts";
import { printJson } from "./print-json.ts";
import { openStateLedger, type StateFolder, stateFolder } from "./state.ts";
import { type StateOption, withStateOption } from "./state-option.ts";
import { clockText, dayAndClockText } from "./zoned-time.ts";

type Options = StateOption & { readonly json: boolean; readonly watch: boolean; readonly all: boolean };

export function defineStatus(command: Command): void {
  withStateOption(command)
    .option("--watch", "show it again whenever it changes, until Ctrl-C", false)
    .option("--all", "list every device, not only those that need a person", false)
    .option("--json", "for scripts; with --watch one line for each change", false)
    .action(run);
}

/** How often `--watch` looks. */
const LOOK_MS = 1_000;

async function run(options: Options): Promise<void> {
  const folder = stateFolder(options);
  const ledger = await openStateLedger(options, false, "say");
  const state = newBoard();
  try {
    if (!options.watch) await show(await look(folder, ledger, state), options);
    else await watch(() => look(folder, ledger, state), options);
  } finally {
    await ledger.close();
  }
}

/** What `--json` prints, once. */
export async function statusNow(options: StateOption): Promise<object> {
  const ledger = await openStateLedger(options, false, "say");
  try {
    return forScripts(await look(stateFolder(options), ledger, newBoard()));
  } finally {
    await ledger.close();
  }
}

/** What is known at one moment. */
interface Look {
  readonly folder: string;
  readonly now: number;
  readonly station: StationNow | "no-station" | "no-answer";
  readonly board: Board;
}

async function look({ folder, unsealSocket }: StateFolder, ledger: Ledger, state: BoardState): Promise<Look> {
  const station = await askStation(unsealSocket);
  for (;;) {
    const entries = await ledger.read(state.seq, 10_000);
    for (const entry of entries) foldBoard(state, entry);
    if (entries.length < 10_000) break;
  }
  const now = Date.now();
  const queue =
    typeof station === "string" ? null : { loading: new Set(station.loading), waiting: new Set(station.waiting) };
  return { folder, now, station, board: readBoard(state, now, queue) };
}

function show(found: Look, options: Options): void {
  if (options.json) printJson(forScripts(found));
  else process.stdout.write(screenOf(found, options.all));
}

/** On a terminal the screen is drawn over; elsewhere, and for scripts, each change is a line. */
async function watch(next: () => Promise<Look>, { json, all }: Options): Promise<void> {
  const stopped = Promise.withResolvers<"stopped">();
  const stop = () => stopped.resolve("stopped");
  process.once("SIGINT", stop).once("SIGTERM", stop);
  let before = "";
  for (;;) {
    const found = await next();
    const drawn = process.stdout.isTTY && !json;
    const text = json ? JSON.stringify(forScripts(found)) : oneLine(found);
    if (drawn)
      process.stdout.write(`\x1b[H\x1b[2J${screenOf(found, all)}\nCtrl-C ends this; nothing else is stopped.\n`);
    else if (text !== before) process.stdout.write(json ? `${text}\n` : `${clockText(found.now)}  ${text}\n`);
    before = text;
    const pause = Promise.withResolvers<"look">();
    const timer = setTimeout(pause.resolve, LOOK_MS, "look");
    const woken = await Promise.race([pause.promise, stopped.promise]);
    clearTimeout(timer);
    if (woken === "stopped") break;
  }
  process.off("SIGINT", stop).off("SIGTERM", stop);
}

function screenOf({ folder, now, station, board }: Look, all: boolean): string {
  const { devices, oldest, newest, estimate, campaign, needPerson } = board;
  const parts = [`${stationLine(station, folder, now)}\n${campaignLines(campaign)}`];
  if (devices.length > 0) {
    const lines = [`${boardLine(board)}.`, `Time left: ${estimateText(estimate)}`];
    if (oldest !== null) lines.push(`Longest under way: ${named(oldest, now)}. Last to come: ${named(newest!, now)}.`);
    parts.push(`${lines.join("\n")}\n`);
  }
  if (all) parts.push(boardTable(devices, now, true));
  else if (needPerson > 0) parts.push(`These need a person:\n${boardTable(devices.slice(0, needPerson), now, false)}`);
  return parts.join("\n");
}

function named(standing: Standing, now: number): string {
  const { name, device, since } = standing;
  return `${name ?? device} (${standText(standing)}, ${durationText(Math.floor((now - since!) / 1000))})`;
}

function stationLine(station: Look["station"], folder: string, now: number): string {
  if (!can(PLATFORM, "unseal-socket"))
    return `On this system a station cannot be asked: see its own window (${folder}).`;
  if (station === "no-station") return `No station runs from ${folder}.`;
  if (station === "no-answer") return `A station runs from ${folder}, and it does not answer.`;
  const { lans, since, sealed, pid } = station;
  const where = lans.map(({ name, url }) => `${name} (${url})`).join(", ");
  const what = lans.length === 0 ? "The operator API alone runs" : `The station runs on ${where}`;
  const age = durationText(Math.floor((now - since) / 1000));
  const vault = sealed ? "Its vault is SEALED: nothing is released." : "Its vault is unsealed.";
  return `${what} from ${folder}, since ${dayAndClockText(since)} (${age}), process ${pid}. ${vault}`;
}

function oneLine({ station, board }: Look): string {
  const sealed = typeof station === "string" ? "" : station.sealed ? ", vault SEALED" : ", vault unsealed";
  const runs = station === "no-station" ? "no station" : station === "no-answer" ? "no answer" : "station runs";
  return `${runs}${sealed}, campaign ${board.campaign.is}; ${boardLine(board)}`;
}

function forScripts({ folder, station, board }: Look): object {
  const { campaign, inventory, others, counts, needPerson, devices, oldest, newest, estimate } = board;
  const armed = campaign.is === "none" ? null : campaign.campaign;
  return {
    station:
      typeof station === "string"
        ? { is: station, state: folder }
        : { is: "running", state: folder, ...station, since: iso(station.since) },
    campaign: {
      is: campaign.is,
      campaign: armed?.campaign ?? null,
      remedy: armed?.remedy ?? null,
      reason: campaign.is === "halted" ? campaign.reason : null,
    },
    ...{ inventory, others, counts, needPerson, estimate },
    oldest: oldest && told(oldest),
    newest: newest && told(newest),
    devices: devices.map(told),
  };
}

function told({ device, name, stands, why, needsPerson, since, session }: Standing): object {
  const { pairing = null, progress = null } = session ?? {};
  return {
    device,
    name,
    stands,
    why,
    needsPerson,
    since: since === null ? null : iso(since),
    pairing,
    stage: progress,
  };
}

const iso = (at: number) => new Date(at).toISOString();
