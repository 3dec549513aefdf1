import type { Command } from "commander";
import { VERSION } from "../wire/version.ts";
import type { ApiServeOptions } from "./api.ts";
import { API_DEFAULT, parseAddress, parsePort } from "./api-address.ts";
import { withOpenerOptions } from "./opener-options.ts";
import { parseMinutes } from "./parse-minutes.ts";
import { withStateOption } from "./state-option.ts";

/** `breakglass api serve|describe`, the operator API without network boot: the options alone, so that its help comes at once. */
export function defineServe(command: Command): void {
  withOpenerOptions(withStateOption(command))
    .option("--address <IP>", "the address to listen on", parseAddress, API_DEFAULT.address)
    .option("--port <N>", "the port", parsePort, API_DEFAULT.port)
    .option("--sealed", "start without opening the vault: lookups are answered, nothing is released", false)
    .option("--seal-after <MINUTES>", "seal the vault after this many idle minutes (0 = never)", parseMinutes, 60)
    .option("--log-text", "write the log in the state folder as readable text too (log/station.log)", false)
    .option("--json", "one JSON object a line", false)
    .addHelpText("after", EXITS)
    .action(async (options: ApiServeOptions) => (await import("./api.ts")).serveApi(options));
}

export function defineDescribe(command: Command): void {
  command.action(async () => {
    const { openApi } = await import("../api/openapi.ts");
    process.stdout.write(`${JSON.stringify(openApi(VERSION), null, 2)}\n`);
  });
}

const EXITS =
  "\nWho may use it: breakglass token create. Exit code 0 when stopped by Ctrl-C or SIGTERM, 2 for wrong input,\n3 for a wrong passphrase, 4 if the port cannot be had; nothing was started then.";
