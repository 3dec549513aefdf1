import { hostname } from "node:os";

import { type LeaseRange, rangeProblem } from "../boot/lease-range.ts";
import { recordUnsealed } from "../escrow/record-seal.ts";
import { openVault } from "../escrow/vault.ts";

import type { Entry } from "../ledger/entry.ts";
import { findInterfaces } from "../server/interface.ts";
import { refuseOtherServers } from "../server/lease-check.ts";
import { tryPort, tryPorts } from "../server/listen.ts";
import type { StationLog } from "../server/log/station-log.ts";
import { STANDARD_PORTS } from "../server/ports.ts";
import { shortOfBuffer } from "../server/receive-buffer.ts";
import { startStation } from "../server/station.ts";
import { defaultLoads } from "../station/load-turns.ts";
import { type Notice, notice } from "../station/notice.ts";
import type { NoticeReason } from "../station/notice-table.ts";
import type { SealReason } from "../station/sealer.ts";
import type { ServedInterface } from "../station/served-interface.ts";
import type { Ipv4 } from "../wire/ipv4.ts";
import { ExitCode, OperatorError } from "../wire/operator-error.ts";
import { operatorActor } from "./actor.ts";
import { API_DEFAULT, type ApiAddress } from "./api-address.ts";
import { apiReady, apiStopped, startApi } from "./api-start.ts";
import { automaticCheckpoint } from "./checkpoint-files.ts";
import { sayClock } from "./clock.ts";
import { rotationLine } from "./escrow/rotation.ts";
import { forgetUnused } from "./forget.ts";

import { unsealVault } from "./opener.ts";
import type { OpenerOption } from "./opener-options.ts";

import { imageFolder } from "./program-file.ts";
import type { Screen } from "./screen.ts";
import { openTerminal } from "./seal-terminal.ts";
import { askedToStop, endOnCrash, orSealed, sayHangUp, sealAtOnce } from "./serve-end.ts";
import { logCounters, openServeLog, withLog } from "./serve-log.ts";
import { openScreen, type Say, sayJson, sayPlain } from "./serve-say.ts";
import { readImages, readOwnIpxe } from "./served-files.ts";
import { openStateLedger, type StateFolder, stateFolder } from "./state.ts";
import type { StateOption } from "./state-option.ts";

/** What commander gives for `serve`. */
export type ServeOptions = StateOption &
  OpenerOption & {
    readonly interface: readonly string[];
    readonly address: readonly Ipv4[];
    readonly dhcpRange?: LeaseRange;
    readonly image: readonly string[];
    readonly uefiLoader: "shim" | "ipxe";
    readonly ipxe?: string;
    readonly loads?: number;
    readonly bandwidth?: number;
    readonly largestBlock?: number;
    readonly api?: ApiAddress | true;
    readonly sealed: boolean;
    readonly sealAfter: number;
    readonly logText: boolean;
    readonly json: boolean;
  };

const COUNTERS_MS = 5_000;
/** A reader that does not read holds up the end of a station no longer than this. */
export const LAST_WORDS_MS = 2_000;

/** `breakglass serve`, with what its options gave. */
export async function serve(options: ServeOptions): Promise<void> {
  const served = findInterfaces(options.interface, options.address);
  const leases = options.dhcpRange === undefined ? null : leasesOn(served, options.dhcpRange);
  const folder = stateFolder(options);
  const screen: Screen = openScreen((told) => tell(told));
  const say = options.json ? sayJson(screen) : sayPlain(screen);
  const log = openServeLog(folder, options, (told) => tell(told));
  const tell = (told: Notice) => {
    log.notice(told);
    say.notice(told);
  };
  const at = options.api === true ? API_DEFAULT : options.api;
  await withLog(log, folder, () => serveLogged({ options, served, leases, folder, at, screen, say, log, tell }));
}

interface Serving {
  readonly options: ServeOptions;
  readonly served: readonly ServedInterface[];
  readonly leases: { readonly served: ServedInterface; readonly range: LeaseRange } | null;
  readonly folder: StateFolder;
  readonly at: ApiAddress | undefined;
  readonly screen: Screen;
  readonly say: Say;
  readonly log: StationLog;
  readonly tell: (notice: Notice) => void;
}

async function serveLogged({ options, served, leases, folder, at, screen, say, log, tell }: Serving): Promise<void> {
  const vault = await openVault(folder.vault, { clock: Date.now });
  const ledger = await openStateLedger(options);
  await sayClock(ledger);
  const images = await readImages(options.image.length > 0 ? options.image : [imageFolder("x64")]);
  const ownIpxe = options.ipxe === undefined ? new Map<string, Uint8Array>() : readOwnIpxe(options.ipxe);
  // Before a passphrase is typed: nothing of this needs it.
  for (const { address } of served) await tryPorts(address, STANDARD_PORTS);
  if (at !== undefined) await tryPort(at.address, at.port, "the operator API");
  if (leases !== null) await refuseOtherServers(leases.served);
  const openedBy = options.sealed ? null : await unsealVault(vault, options, NOT_STARTED);
  forgetUnused();
  const terminal = options.json ? null : openTerminal(folder.folder, screen, tell);
  // The vault may be open: however this ends from here on, it is sealed.
  const stopped = askedToStop(() => terminal?.asking === true);
  let seal = () => sealAtOnce(vault, ledger);
  endOnCrash(log, () => seal());
  const hangUp = sayHangUp(tell);
  const { station, api } = await orSealed(
    () => seal(),
    async () => {
      vault.bindLedger(ledger.ledgerId);
      const before = (await ledger.head()).seq;
      const since = openedBy === null ? 0 : await recordUnsealed(ledger, vault, openedBy, unsealingNow());
      const known = (await ledger.head()).seq;
      const station = await startStation({
        ...{ name: hostname(), served, leases, ports: STANDARD_PORTS, ledger, vault, images, ownIpxe },
        uefiLoader: ownIpxe.size > 0 ? "own-ipxe" : options.uefiLoader,
        loads: options.loads ?? defaultLoads(options.bandwidth ?? null),
        bandwidth: options.bandwidth ?? null,
        ...(options.largestBlock === undefined ? {} : { largestBlock: options.largestBlock }),
        authority: { certificate: folder.caCertificate, privateKey: folder.caKey },
        sealing: {
          since,
          idleMs: options.sealAfter === 0 ? null : options.sealAfter * 60_000,
          socket: folder.unsealSocket,
          onSealed: (reason) => {
            tell(notice(SEALED[reason], "vault"));
            if (terminal === null || !terminal.offer()) tell(notice("unseal-with", "vault", { state: folder.folder }));
          },
        },
        onEntry: (entry) => {
          if (entry.seq > before) log.entry(entry);
          if (entry.seq > known && !isRoutine(entry)) say.entry(entry);
        },
        onNotice: tell,
      });
      seal = () => station.close();
      if (at === undefined) return { station, api: null };
      const onFault = ({ message }: Error) => station.tell(notice("fault", "api", { message }));
      const shared = { folder, desk: station.desk, ledger, vault, onFault, mostDeposits: MOST_DEPOSITS_BESIDE };
      return { station, api: await startApi({ ...at, ...shared }) };
    },
  );
  say.ready(station, folder.folder);
  if (api !== null) tell(apiReady(api, folder));
  say.campaign(station.campaign());
  const short = shortOfBuffer();
  if (short !== null) tell(short);
  const lost = () => ({ "lines-lost": screen.lost, "log-lines-lost": log.lost });
  const counters = () => ({ ...station.counters(), output: lost() });
  const counted = logCounters(log, () => ({ ...counters(), bytesTo: undefined }));
  const counting = setInterval(() => {
    say.periodic(counters());
    say.stands(vault.sealed, station.board());
  }, COUNTERS_MS);
  await stopped;
  clearInterval(counting);
  terminal?.close();
  hangUp.close();
  await api?.close();
  await station.close();
  say.counters(counters());
  if (api !== null) tell(apiStopped(api));
  await vault.close();
  tell(await automaticCheckpoint(folder, ledger));
  await ledger.close();
  counted.close();
  say.farewell(await rotationLine(options));
  await screen.drained(LAST_WORDS_MS);
}

/** What a script looks up is in the ledger, and would push devices off the screen. */
function isRoutine({ body }: Entry): boolean {
  return body.type === "api.called" && body.outcome === "answered";
}

/** Coverage of so many takes the station a second and a half, in which devices ask again. */
const MOST_DEPOSITS_BESIDE = 100_000;

const NOT_STARTED = "Nothing was started. (Devices boot and wait, and nothing is released, with: --sealed)";

export const SEALED = {
  idle: "sealed-idle",
  halt: "sealed-by-halt",
} as const satisfies Readonly<Record<Exclude<SealReason, "stop">, NoticeReason>>;

/** A text that no other unsealing has. */
export const unsealingNow = () => ({ actor: operatorActor(), fresh: `${hostname()}:${Date.now()}` });

/** On which of the interfaces the range is leased: the one whose subnet it lies in. */
function leasesOn(all: readonly ServedInterface[], range: LeaseRange) {
  const problems = all.map((served) => ({ served, problem: rangeProblem(range, served) }));
  const found = problems.find(({ problem }) => problem === null);
  if (found !== undefined) return { served: found.served, range };
  throw new OperatorError(
    `No address can be leased on ${problems.map(({ served, problem }) => `${served.name}: ${problem}`).join("; on ")}. Nothing was started.`,
    "Name free addresses of the station's own subnet, such as --dhcp-range 10.99.0.100-10.99.0.199",
    ExitCode.badInput,
  );
}
