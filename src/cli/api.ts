import { recordUnsealed } from "../escrow/record-seal.ts";
import { openVault } from "../escrow/vault.ts";
import { tryPort } from "../server/listen.ts";
import type { StationLog } from "../server/log/station-log.ts";
import { openDesk } from "../server/open-desk.ts";
import { type Notice, notice, noticeText } from "../station/notice.ts";
import { NoticeBoard } from "../station/notice-board.ts";
import type { Ipv4 } from "../wire/ipv4.ts";
import { apiReady, apiStopped, startApi } from "./api-start.ts";
import { sayClock } from "./clock.ts";
import { forgetUnused } from "./forget.ts";
import { unsealVault } from "./opener.ts";
import type { OpenerOption } from "./opener-options.ts";
import type { Screen } from "./screen.ts";
import { LAST_WORDS_MS, SEALED, unsealingNow } from "./serve.ts";
import { askedToStop, endOnCrash, orSealed, sayHangUp, sealAtOnce } from "./serve-end.ts";
import { logCounters, openServeLog, withLog } from "./serve-log.ts";
import { jsonLine, noticeLine, openScreen } from "./serve-say.ts";
import { openStateLedger, type StateFolder, stateFolder } from "./state.ts";
import type { StateOption } from "./state-option.ts";

/** What commander gives for `api serve`. */
export type ApiServeOptions = StateOption &
  OpenerOption & {
    readonly address: Ipv4;
    readonly port: number;
    readonly sealed: boolean;
    readonly sealAfter: number;
    readonly logText: boolean;
    readonly json: boolean;
  };

/** `breakglass api serve`, with what its options gave. */
export async function serveApi(options: ApiServeOptions): Promise<void> {
  const folder = stateFolder(options);
  const screen = openScreen((told) => say(told));
  const log = openServeLog(folder, options, (told) => say(told));
  const say = (told: Notice, event?: object) => {
    log.notice(told);
    screen.line(
      !options.json ? noticeText(told) : event === undefined ? noticeLine(told) : jsonLine(told.level, event),
    );
  };
  await withLog(log, folder, () => serveLogged(options, folder, screen, log, say));
}

async function serveLogged(
  options: ApiServeOptions,
  folder: StateFolder,
  screen: Screen,
  log: StationLog,
  say: (told: Notice, event?: object) => void,
): Promise<void> {
  const vault = await openVault(folder.vault, { clock: Date.now });
  const ledger = await openStateLedger(options);
  await sayClock(ledger);
  await tryPort(options.address, options.port, "the operator API");
  const openedBy = options.sealed ? null : await unsealVault(vault, options, NOT_STARTED);
  forgetUnused();
  // The vault may be open: however this ends from here on, it is sealed.
  const stopped = askedToStop();
  let seal = () => sealAtOnce(vault, ledger);
  endOnCrash(log, () => seal());
  const hangUp = sayHangUp(say);
  const api = await orSealed(
    () => seal(),
    async () => {
      vault.bindLedger(ledger.ledgerId);
      const before = (await ledger.head()).seq;
      const since = openedBy === null ? 0 : await recordUnsealed(ledger, vault, openedBy, unsealingNow());
      const { tell } = new NoticeBoard({ now: Date.now, isKnown: () => false, onNotice: say });
      const onFault = ({ message }: Error) => tell(notice("fault", "api", { message }));
      const sealing = {
        since,
        idleMs: options.sealAfter === 0 ? null : options.sealAfter * 60_000,
        socket: folder.unsealSocket,
        onSealed: (reason: "idle" | "halt") => {
          tell(notice(SEALED[reason], "vault"));
          tell(notice("unseal-with", "vault", { state: folder.folder }));
        },
      };
      const { desk, close } = await openDesk({
        ...{ ledger, vault, sealing, onNotice: tell, onFault },
        onEntry: (entry) => {
          if (entry.seq > before) log.entry(entry);
        },
      });
      seal = close;
      return await startApi({ ...options, folder, desk, ledger, vault, onFault, mostDeposits: null });
    },
  );
  say(apiReady(api, folder), { ready: { api: api.url, ca: folder.caCertificate } });
  const output = () => ({ "lines-lost": screen.lost, "log-lines-lost": log.lost });
  const counted = logCounters(log, () => ({ api: api.counters(), output: output() }));
  await stopped;
  hangUp.close();
  await api.close();
  await seal();
  await vault.close();
  await ledger.close();
  say(apiStopped(api), { counters: api.counters() });
  counted.close();
  await screen.drained(LAST_WORDS_MS);
}

const NOT_STARTED = "Nothing was started. (Lookups are answered, and nothing is released, with: --sealed)";
