import { type Command, Option } from "commander";
import { type FileProblem, shownName } from "../../escrow/exports/export-file.ts";
import type { ExportItem } from "../../escrow/exports/export-row.ts";
import { FORMATS } from "../../escrow/exports/formats/formats.ts";
import { exportItems } from "../../escrow/exports/read-exports.ts";
import { parseHostKey } from "../../sync/host-pin.ts";
import type { OpenSource } from "../../sync/live-source.ts";
import { openExport, type RemoteExport, type SftpLogin, type SftpOptions } from "../../sync/sftp.ts";
import { parseSftpUrl } from "../../sync/sftp-server.ts";
import { SyncFailure } from "../../sync/sync-failure.ts";
import { OperatorError } from "../../wire/operator-error.ts";
import { Secret } from "../../wire/secret.ts";
import { readPrivateFile, readSecret } from "../secret-input.ts";
import { stateFolder } from "../state.ts";
import { withStateOption } from "../state-option.ts";
import { addHostPin, readHostPins } from "./host-pins.ts";
import { collect, patiently, runSync, SYNC_EXIT_CODES, type SyncOptions } from "./sync-run.ts";

interface SftpVerbOptions extends SyncOptions {
  readonly url?: string;
  readonly newest?: boolean;
  readonly ending: readonly string[];
  readonly key?: string;
  readonly passphraseFd?: string;
  readonly passwordFd?: string;
  readonly passwordFile?: string;
  readonly hostKey: readonly string[];
  readonly trustFirst?: boolean;
  readonly source?: string;
  readonly format?: string;
  readonly retries: string;
}

const CONNECT_TIMEOUT = 20_000;
const ANSWER_TIMEOUT = 60_000;
/** What exports of recovery passwords are called. */
const ENDINGS = [".csv", ".json", ".ldif", ".ldf", ".zip"];

export function defineSftp(command: Command): void {
  withStateOption(command)
    .option("--url <URL>", "the file, sftp://ACCOUNT@SERVER:PORT/PATH, or with --newest its folder")
    .option("--newest", "take the newest file of that folder")
    .option(
      "--ending <TEXT>",
      `which files of it count, by the end of their names (default: ${ENDINGS.join(" ")})`,
      collect,
      [],
    )
    .option("--key <FILE>", "log in with this private key, which only its owner may read (mode 600)")
    .option("--passphrase-fd <N>", "read the key's passphrase from this open descriptor")
    .option("--password-fd <N>", "or log in with a password from this open descriptor")
    .option("--password-file <FILE>", "or from this file (mode 600)")
    .option(
      "--host-key <SHA256:...>",
      "the server's host key, as ssh-keygen -lf prints it; again for another",
      collect,
      [],
    )
    .option("--trust-first", "take an unknown host key this once, print it, and remember it in the state folder")
    .option("--source <NAME>", "the name of this source in status and ledger (default: its address)")
    .option("--retries <N>", "how often to ask again if the server cannot be reached, 0 to 9", "2")
    .addOption(new Option("--format <NAME>", "what it is, if it is not recognised").choices(FORMATS.map((f) => f.name)))
    .option("--report <FILE>", "write what became of every row: .csv, or .jsonl for JSON lines")
    .option("--json", "for scripts")
    .addHelpText("after", SYNC_EXIT_CODES)
    .action(syncSftp);
}

async function syncSftp(options: SftpVerbOptions): Promise<void> {
  if (options.url === undefined)
    throw new OperatorError(
      "No server is named. Nothing was asked.",
      "Example: --url sftp://export@sftp.corp.example/exports/keys.csv",
    );
  const server = parseSftpUrl(options.url);
  if (options.ending.length > 0 && !options.newest)
    throw new OperatorError("--ending is for --newest. Nothing was asked.", "Add --newest, or leave --ending out.");
  const state = stateFolder(options);
  const address = `${server.host}:${server.port}`;
  const request: SftpOptions = {
    login: await loginOf(options),
    trust: {
      given: options.hostKey.map(parseHostKey),
      stored: readHostPins(state).get(address) ?? null,
      trustFirst: options.trustFirst === true,
    },
    newest: options.newest ? (options.ending.length > 0 ? options.ending : ENDINGS) : null,
    connectTimeout: CONNECT_TIMEOUT,
    answerTimeout: ANSWER_TIMEOUT,
  };
  await runSync(options, {
    source: options.source ?? server.url,
    kind: "sftp",
    open: async () => {
      const found = await patiently([server], options.retries, (each) => openExport(each, request));
      if (found.firstKey !== null) {
        addHostPin(state, address, found.firstKey);
        process.stderr.write(
          `TRUSTED AT FIRST USE: ${address} has host key ${found.firstKey}. Compare it with the server's own.\n`,
        );
      }
      return openSource(found, options.format);
    },
  });
}

function openSource(found: RemoteExport, formatName: string | undefined): OpenSource {
  const file = shownName(found.name.toWellFormed());
  const problems: FileProblem[] = [];
  let cutOff = false;
  const items = async function* (): AsyncGenerator<ExportItem> {
    const format = FORMATS.find(({ name }) => name === formatName) ?? null;
    const whole = { name: file, isOneOfMany: false, path: null, open: () => found.bytes() };
    for await (const item of exportItems([whole], { format, onProblem: (problem) => problems.push(problem) })) {
      cutOff ||= "row" in item && "reason" in item.row && item.row.reason === "cut-off";
      yield item;
    }
  };
  return {
    rows: items(),
    since: null,
    until: found.modifiedAt,
    details: { file, size: found.size },
    check: async () => unreadable(file, problems, cutOff),
    close: found.close,
  };
}

/** What was fetched whole may be no whole export. */
function unreadable(file: string, [problem, ...more]: readonly FileProblem[], cutOff: boolean): SyncFailure | null {
  if (problem !== undefined) {
    const where = problem.file === file ? "" : `, in ${file},`;
    const others = more.length === 0 ? "" : ` So it is with ${more.length} more.`;
    return new SyncFailure(
      "not-an-export",
      `The file ${problem.file}${where} ${problem.what.replace(/\.$/, "")}.${others}`,
      problem.next,
    );
  }
  return cutOff
    ? new SyncFailure("cut-off", `The export ${file} ends in the middle.`, "Look at the job that writes it.")
    : null;
}

async function loginOf(options: SftpVerbOptions): Promise<SftpLogin> {
  const fdOption = "--password-fd";
  const from = { fd: options.passwordFd, file: options.passwordFile, fdOption, fileOption: "--password-file" };
  const password = await readSecret({ ...from, what: "the account's password" });
  const keyPassphrase = await readSecret({
    fd: options.passphraseFd,
    file: undefined,
    fdOption: "--passphrase-fd",
    fileOption: null,
    what: "the key's passphrase",
  });
  if (options.key === undefined) {
    if (password !== null) return { key: null, keyPassphrase: null, password };
    throw new OperatorError(
      "Neither a key nor a password is given. Nothing was asked.",
      "Log in with --key FILE (mode 600), or with --password-fd 3 3<FILE.",
    );
  }
  const key = new Secret(readPrivateFile(options.key, "--key"));
  await requireKey(key, keyPassphrase, options.key);
  return { key, keyPassphrase, password };
}

/** A key that cannot be read should be said before a server sees a failed login. */
async function requireKey(key: Secret<Buffer>, passphrase: Secret<string> | null, file: string): Promise<void> {
  const { default: ssh2 } = await import("ssh2");
  const parsed = ssh2.utils.parseKey(key.reveal(), passphrase?.reveal());
  if (!(parsed instanceof Error) && (Array.isArray(parsed) ? parsed[0]! : parsed).isPrivateKey()) return;
  const locked =
    parsed instanceof Error && /passphrase|encrypted|bad (decrypt|passphrase)|integrity/i.test(parsed.message);
  throw new OperatorError(
    locked
      ? `The key ${file} is locked, and ${passphrase === null ? "no passphrase was given" : "that is not its passphrase"}. Nothing was asked.`
      : `${file} is not a private key that can be used here. Nothing was asked.`,
    locked
      ? "Give its passphrase with --passphrase-fd 3 3<FILE."
      : "ssh-keygen -t ed25519 makes one; name the file without .pub.",
  );
}
