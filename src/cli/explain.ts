import { closeSync, openSync, readSync } from "node:fs";
import { styleText } from "node:util";
import { type Command, InvalidArgumentError } from "commander";
import type { ByteSource } from "../explain/capture/byte-source.ts";
import { type Explanation, explain } from "../explain/explain.ts";
import { type PictureLine, picture, summary } from "../explain/picture.ts";
import { type MacAddress, parseMac } from "../wire/mac.ts";
import { MalformedError } from "../wire/malformed.ts";
import { ExitCode, OperatorError } from "../wire/operator-error.ts";
import { fileCause, requireFile } from "./read-file.ts";
import { count, folded, printable, terminalWidth } from "./table.ts";

interface ExplainFlags {
  readonly device?: MacAddress;
  readonly json: boolean;
}

/** `breakglass explain FILE`: what the devices of a network capture did, what went wrong, and what to do about it. */
export function defineExplain(command: Command): void {
  command
    .argument("<FILE>", "pcap or pcapng")
    .option("--device <MAC>", "only this device", parseDevice)
    .option("--json", "the same as data", false)
    .addHelpText(
      "after",
      `
Capture, while the device boots:
  sudo tcpdump -i IF -s 600 -w boot.pcap
and stop it half a minute after the device gave up.

Exit code 0 if nothing wrong was found, 1 if something was, 2 if the file is no
capture.`,
    )
    .action(run);
}

function run(file: string, { device, json }: ExplainFlags): void {
  const whole = explainFile(file);
  const devices = device === undefined ? whole.devices : whole.devices.filter(({ name }) => name === device);
  const explanation = { ...whole, devices };
  if (device !== undefined && devices.length === 0)
    throw new OperatorError(
      `${file} has no network boot of ${device} (it has ${count(whole.devices.length, "device")}).`,
      "Without --device it shows them all. Where the capture was made behind a router, the device may stand there by its address.",
    );
  if (json) process.stdout.write(`${JSON.stringify({ file, ...explanation }, null, 2)}\n`);
  else say(file, explanation);
  if (devices.some(({ attempts }) => attempts.some(({ findings }) => findings.length > 0)))
    process.exitCode = ExitCode.negative;
}

function say(file: string, explanation: Explanation): void {
  const { damage, devices } = explanation;
  const width = terminalWidth();
  const lines = [
    ...folded(`${file}: ${summary(explanation)}`, width),
    ...picture(explanation).flatMap((line) => styled(line, width)),
  ];
  if (damage !== null) {
    const where = `The file is damaged at byte ${damage.offset}: ${damage.what}. Everything before that was read.`;
    lines.push("", ...folded(where, width));
  }
  const found = devices.flatMap(({ attempts }) => attempts.flatMap(({ findings }) => findings));
  lines.push("", found.length === 0 ? "Nothing wrong found." : `${count(found.length, "finding")}.`);
  process.stdout.write(`${lines.join("\n")}\n`);
}

const STYLES = { plain: "reset", heading: "bold", finding: "red", cure: "yellow", good: "green" } as const;

function styled({ mark, text }: PictureLine, width: number): string[] {
  const lines = folded(printable(text), width);
  return mark === "plain" ? lines : lines.map((line) => styleText(STYLES[mark], line));
}

function parseDevice(text: string): MacAddress {
  try {
    return parseMac(text);
  } catch {
    throw new InvalidArgumentError("A MAC address, such as 52:54:00:12:34:56.");
  }
}

function explainFile(file: string): Explanation {
  requireFile(file, "capture", "Nothing was changed.");
  let descriptor: number;
  try {
    descriptor = openSync(file, "r");
  } catch (error) {
    throw new OperatorError(`The capture ${file} cannot be read: ${fileCause(error)}.`, "Check its permissions.");
  }
  try {
    return explain(fileSource(descriptor));
  } catch (error) {
    if (!(error instanceof MalformedError)) throw error;
    const gzip = error.what.includes("gzip") ? "gunzip it first." : "make one with: tcpdump -i IF -s 600 -w boot.pcap";
    throw new OperatorError(
      `${file} is not a network capture: ${error.what}. Nothing was changed.`,
      `It has to be a pcap or pcapng file; ${gzip}`,
    );
  } finally {
    closeSync(descriptor);
  }
}

const CHUNK = 1024 * 1024;

/** Reads a file through one buffer: captures are larger than memory. */
function fileSource(descriptor: number): ByteSource {
  let buffer = Buffer.alloc(CHUNK);
  let [start, end, offset] = [0, 0, 0];
  const fill = (length: number) => {
    if (end - start >= length) return;
    const rest = buffer.subarray(start, end);
    const next = length > buffer.length ? Buffer.alloc(length) : buffer;
    rest.copy(next, 0);
    [buffer, start, end] = [next, 0, rest.length];
    while (end < length) {
      const read = readSync(descriptor, buffer, end, buffer.length - end, null);
      if (read === 0) return;
      end += read;
    }
  };
  const take = (length: number) => {
    fill(length);
    const bytes = buffer.subarray(start, Math.min(end, start + length));
    start += bytes.length;
    offset += bytes.length;
    return bytes;
  };
  return {
    get offset() {
      return offset;
    },
    take,
    skip(length) {
      let left = length;
      while (left > 0) {
        const passed = take(Math.min(left, CHUNK)).length;
        if (passed === 0) break;
        left -= passed;
      }
      return length - left;
    },
  };
}
