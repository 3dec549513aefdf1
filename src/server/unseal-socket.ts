import { chmodSync, rmSync } from "node:fs";
import { connect, createServer, type Server, type Socket } from "node:net";
import { OPENED_BY } from "../ledger/events/vault.ts";
import { readStationNow, type StationNow, stationNowToJson } from "../station/station-now.ts";
import { type OpenerStory, UNSEAL_ANSWERS, type UnsealAnswer } from "../station/unsealing.ts";
import { Secret } from "../wire/secret.ts";
import { can } from "./platform/platform.ts";
import { PLATFORM } from "./platform/this-platform.ts";

const MOST_BYTES = 4_096;
/** Room for the MAC addresses of fifty thousand devices. */
const MOST_TOLD = 1_000_000;
const ASK_NOW = "now";
const PATIENCE_MS = 5_000;

/**
 * The one door into a running station: a Unix socket, mode 0600 in a folder that is its owner's alone, that takes the
 * vault's identity (opened by another process of the same user) and answers with a word, or tells what the station is
 * doing `now`, and does nothing else. Null where the system has no such sockets or the path is too long for one.
 */
export async function listenForUnseal(
  path: string,
  unseal: (identity: Secret<string>, story: OpenerStory) => Promise<UnsealAnswer>,
  platform = PLATFORM,
  onRefused: (answer: UnsealAnswer) => void = () => {},
  now: (() => StationNow) | null = null,
): Promise<Server | null> {
  if (!can(platform, "unseal-socket") || (await handOver(path, null)) !== "no-station") return null;
  rmSync(path, { force: true });
  const server = createServer((socket) => {
    take(socket, unseal, now).then(
      (answer) => {
        const refused = UNSEAL_ANSWERS.find((each) => each === answer && each !== "unsealed");
        if (refused !== undefined) onRefused(refused);
        socket.end(`${answer}\n`);
      },
      () => socket.destroy(),
    );
  });
  server.maxConnections = 4;
  return new Promise((resolve) => {
    server.once("error", () => resolve(null));
    server.listen(path, () => {
      chmodSync(path, 0o600);
      resolve(server);
    });
  });
}

async function take(
  socket: Socket,
  unseal: (identity: Secret<string>, story: OpenerStory) => Promise<UnsealAnswer>,
  now: (() => StationNow) | null,
): Promise<string> {
  const line = await firstLine(socket, MOST_BYTES);
  if (line === ASK_NOW && now !== null) return JSON.stringify(stationNowToJson(now()));
  try {
    const { identity, actor, openedBy } = JSON.parse(line) as Record<string, unknown>;
    if (typeof identity !== "string" || !/^AGE-SECRET-KEY-1[0-9A-Z]{58}$/.test(identity)) return "malformed";
    if (typeof actor !== "string" || !/^operator:[\x21-\x7e]{1,64}$/.test(actor)) return "malformed";
    if (!OPENED_BY.takes(openedBy)) return "malformed";
    return await unseal(new Secret(identity), { actor, openedBy });
  } catch (error) {
    if (error instanceof SyntaxError) return "malformed";
    throw error;
  }
}

/** Hands the identity over to the station that listens at `path`. With null it is only asked whether there is one. */
export function handOver(
  path: string,
  what: (OpenerStory & { readonly identity: Secret<string> }) | null,
): Promise<UnsealAnswer | "no-station" | "of-another-user" | "no-answer" | "there"> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.on("error", ({ code }: NodeJS.ErrnoException) =>
      resolve(code === "EACCES" || code === "EPERM" ? "of-another-user" : "no-station"),
    );
    socket.on("connect", () => {
      if (what === null) {
        socket.destroy();
        return resolve("there");
      }
      const { identity, actor, openedBy } = what;
      socket.write(`${JSON.stringify({ identity: identity.reveal(), actor, openedBy })}\n`);
      firstLine(socket, MOST_BYTES).then(
        (line) => resolve(UNSEAL_ANSWERS.find((answer) => answer === line) ?? "no-answer"),
        () => resolve("no-answer"),
      );
    });
  });
}

/** Asks the station that listens at `path` what it is doing. After kill -9 there is none, whatever lies at the path. */
export function askStation(path: string): Promise<StationNow | "no-station" | "no-answer"> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.on("error", () => resolve("no-station"));
    socket.on("connect", () => {
      socket.write(`${ASK_NOW}\n`);
      firstLine(socket, MOST_TOLD).then(
        (line) => {
          socket.destroy();
          resolve(readStationNow(line) ?? "no-answer");
        },
        () => resolve("no-answer"),
      );
    });
  });
}

function firstLine(socket: Socket, most: number): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = "";
    socket.setEncoding("utf8").setTimeout(PATIENCE_MS, () => socket.destroy(new Error("nothing came")));
    socket.on("error", reject).on("close", () => reject(new Error("closed")));
    socket.on("data", (part) => {
      text += part;
      const end = text.indexOf("\n");
      if (end !== -1) resolve(text.slice(0, end));
      else if (text.length > most) socket.destroy(new Error("too long"));
    });
  });
}
