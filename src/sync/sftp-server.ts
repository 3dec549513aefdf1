import { OperatorError } from "../wire/operator-error.ts";

/** A file, or a folder, on an SFTP server as the operator named it. */
export interface SftpServer {
  /** `sftp://sftp.corp.example:2222/exports/keys.csv`, without the account, for messages and as the source's name. */
  readonly url: string;
  readonly host: string;
  readonly port: number;
  readonly user: string;
  /** Absolute, or relative to the account's home folder where the URL says `/~/`. */
  readonly path: string;
}

const EXAMPLE = "Example: --url sftp://export@sftp.corp.example/exports/keys.csv";

/** Reads `--url`. Throws OperatorError; a password in it is refused without being shown. */
export function parseSftpUrl(text: string): SftpServer {
  let url: URL;
  let user: string;
  let path: string;
  try {
    url = new URL(text);
    user = decodeURIComponent(url.username);
    path = decodeURIComponent(url.pathname);
  } catch {
    throw new OperatorError("--url is not an address of a file on an SFTP server. Nothing was asked.", EXAMPLE);
  }
  if (url.password !== "")
    throw new OperatorError(
      "--url holds a password, and other programs can read a command's arguments. Nothing was asked.",
      "Change that password, and give the new one with --password-fd or --password-file. A key (--key) is better still.",
    );
  if (url.protocol !== "sftp:" || url.hostname === "" || user === "" || url.search !== "" || url.hash !== "")
    throw new OperatorError("--url has to read sftp://ACCOUNT@SERVER/PATH. Nothing was asked.", EXAMPLE);
  if (path === "" || path === "/")
    throw new OperatorError("--url names no file and no folder. Nothing was asked.", EXAMPLE);
  return {
    url: `sftp://${url.host}${url.pathname}`,
    host: url.hostname.replace(/^\[(.*)\]$/, "$1"),
    port: url.port === "" ? 22 : Number(url.port),
    user,
    path: path.startsWith("/~/") ? path.slice(3) : path,
  };
}
