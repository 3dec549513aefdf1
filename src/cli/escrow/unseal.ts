import type { Command } from "commander";
import { openVault } from "../../escrow/vault.ts";
import { runningStations } from "../../server/platform/running-stations.ts";
import { handOver } from "../../server/unseal-socket.ts";
import type { UnsealAnswer } from "../../station/unsealing.ts";
import { ExitCode, OperatorError } from "../../wire/operator-error.ts";
import { operatorActor } from "../actor.ts";
import { again, shellQuoted } from "../next-step.ts";
import { unsealVault } from "../opener.ts";
import { type OpenerOption, withOpenerOptions } from "../opener-options.ts";
import { stateFolder } from "../state.ts";
import { type StateOption, withStateOption } from "../state-option.ts";

/** `breakglass escrow unseal`: opens the vault of the station that runs, which goes on serving meanwhile. */
export function defineUnseal(command: Command): void {
  withOpenerOptions(withStateOption(command))
    .addHelpText("after", "\nExit code 0 if it is unsealed, 3 if it is not: no station runs, or nothing opened it.")
    .action(unseal);
}

const STILL_SEALED = "The station's vault stays as it is.";

async function unseal(options: StateOption & OpenerOption): Promise<void> {
  const { vault: path, unsealSocket, folder, log } = stateFolder(options);
  const vault = await openVault(path, { clock: Date.now });
  try {
    const door = await handOver(unsealSocket, null);
    if (door === "no-station") throw noStation(folder);
    if (door === "of-another-user") throw ofAnotherUser(folder);
    const openedBy = await unsealVault(vault, options, STILL_SEALED).catch(async (error) => {
      if (error instanceof OperatorError) (await import("../serve-log.ts")).noteUnsealFailed(log, error.message);
      throw error;
    });
    const answer = await handOver(unsealSocket, {
      ...{ identity: vault.heldIdentity(), actor: operatorActor(), openedBy },
    });
    if (answer === "no-station") throw noStation(folder);
    if (answer === "of-another-user") throw ofAnotherUser(folder);
    if (answer !== "unsealed") throw new OperatorError(...SAYS[answer === "there" ? "no-answer" : answer]);
    process.stdout.write("The station's vault is unsealed.\n");
  } finally {
    await vault.close();
  }
}

function noStation(folder: string): OperatorError {
  const others = runningStations();
  const elsewhere = others.map((other) => `breakglass escrow unseal --state ${shellQuoted(other)}`);
  return new OperatorError(
    `No station serves from ${folder}: there is nothing to unseal.${others.length === 0 ? "" : ` One serves from ${others.join(", another from ")}.`}`,
    others.length === 0
      ? "If it runs from another folder, name that with --state. Start one with: breakglass serve --interface IF"
      : `Unseal that one: ${elsewhere.join("\n        ")}`,
    ExitCode.refused,
  );
}

function ofAnotherUser(folder: string): OperatorError {
  return new OperatorError(
    `A station serves from ${folder}, started by another user (with sudo?), and takes nothing from this one. ${STILL_SEALED}`,
    again("sudo"),
    ExitCode.refused,
  );
}

const SAYS: Readonly<Record<Exclude<UnsealAnswer, "unsealed"> | "no-answer", [string, string, ExitCode]>> = {
  "of-another-vault": [
    `The station was started with another vault (of-another-vault). ${STILL_SEALED}`,
    "Was the vault restored meanwhile? Then stop `serve`, and start it again.",
    ExitCode.refused,
  ],
  "halted-meanwhile": [
    "The campaign was halted at this very moment, and the halt wins (halted-meanwhile). The vault is sealed.",
    "Unseal it again when you know why it was halted.",
    ExitCode.refused,
  ],
  "ledger-unavailable": [
    `The station cannot write its ledger (ledger-unavailable). ${STILL_SEALED}`,
    "Make room on its disk, then try again.",
    ExitCode.environment,
  ],
  malformed: [
    `The station did not understand (malformed). ${STILL_SEALED}`,
    "Use the same breakglass for both.",
    ExitCode.refused,
  ],
  "no-answer": [
    "The station gave no answer. Whether the vault is unsealed now, its terminal and its ledger say.",
    "Look with: breakglass ledger show --tail 5",
    ExitCode.refused,
  ],
};
