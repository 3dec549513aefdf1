import { join } from "node:path";
import { type Command, InvalidArgumentError } from "commander";
import { FIRMWARES } from "../drill/lab/firmware.ts";
import { NETWORKS } from "../drill/lab/lan.ts";
import { SCENARIOS } from "../drill/scenario-list.ts";
import type { RunFlags } from "./drill.ts";
import { builtFolder } from "./program-file.ts";
import { several } from "./serve-options.ts";
import { withSyntheticOptions } from "./synthetic-options.ts";
import { formatTable } from "./table.ts";

/** `breakglass drill run`: its options alone, so that its help comes at once. */
export function defineRun(command: Command): void {
  withSyntheticOptions(command)
    .addOption(
      several("--scenario <NAME>", "one of `drill list`; may be given several times", "happy").argParser(collect),
    )
    .addOption(
      several("--firmware <NAME>", `${names(FIRMWARES)}; may be given several times`, FIRMWARES[0]!.name).argParser(
        collect,
      ),
    )
    .option("--network <NAME>", `${names(NETWORKS)} (default: ${NETWORKS[0]!.name})`)
    .option("--devices <N>", "how many devices at once", parseDevices)
    .option("--report <DIR>", "where the report goes", join("build", "drill"))
    .addOption(
      several(
        "--image <DIR>",
        "a recovery image; once for each architecture",
        "build/image, build/image-arm64",
      ).argParser(collect),
    )
    .option("--cache <DIR>", "where the crash-test devices' system is kept once it was built", builtFolder("device-os"))
    .option("--remedy <ID>", "the remedy to rehearse", "channel-file-291")
    .option("--disk <FILE.img>", "rehearse on a copy of this raw disk image instead; the file itself is only read")
    .option("--keys <FILE.csv>", "with --disk: the escrow export that has its recovery password")
    .option("--out <NEW.img>", "with --disk: write the rescued disk here")
    .option("--json", "the report on standard output, the story on standard error", false)
    .addHelpText(
      "after",
      "\nExit code 0 only if everything held; 1 if something did not (the report says\nwhat). Where nothing was started: 2 for wrong input, 4 if this machine lacks\nsomething (a package, an image).",
    )
    .action(async (flags: RunFlags) => (await import("./drill.ts")).runDrillVerb(flags));
}

export function defineList(command: Command): void {
  command.option("--json", "for scripts", false).action(({ json }: { json: boolean }) => {
    const scenarios = SCENARIOS.map(({ name, title, objective }) => ({ name, title, objective }));
    const brief = (all: readonly { readonly name: string; readonly title: string }[]) =>
      all.map(({ name, title }) => ({ name, title }));
    const all = { scenarios, firmwares: brief(FIRMWARES), networks: brief(NETWORKS) };
    if (json) process.stdout.write(`${JSON.stringify(all, null, 2)}\n`);
    else
      process.stdout.write(
        [listed("SCENARIO", SCENARIOS), listed("FIRMWARE", FIRMWARES), listed("NETWORK", NETWORKS)].join("\n"),
      );
  });
}

export function defineRogue(command: Command): void {
  command.argument("<file>").action(async (file: string) => (await import("../drill/rogue/rogue.ts")).rogue(file));
}

function listed(what: string, all: readonly { readonly name: string; readonly title: string }[]): string {
  return formatTable(
    [what, "WHAT IT IS"],
    all.map(({ name, title }) => [name, title]),
  );
}

const names = (all: readonly { readonly name: string }[]) => all.map(({ name }) => name).join(", ");

function collect(value: string, before: readonly string[]): readonly string[] {
  return [...before, value];
}

function parseDevices(text: string): number {
  if (!/^[1-9][0-9]?$/.test(text)) throw new InvalidArgumentError("A number from 1 to 99.");
  return Number(text);
}
