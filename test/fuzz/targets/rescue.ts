import fc from "fast-check";
import { decodeAnswer, decodeRequest, encodeAnswer, encodeRequest } from "../../../src/rescue/message.ts";
import { anyAnswer, anyRequest } from "../../rescue/message-arbitrary.ts";
import { bytesOf, must, type Target, textOf } from "../target.ts";

/** Every verb and every answer is among them. */
const sample = <T>(of: fc.Arbitrary<T>) => fc.sample(of, { seed: 291, numRuns: 60 });
const REQUESTS = sample(anyRequest).map(encodeRequest);
const ANSWERS = sample(anyAnswer).map(encodeAnswer);
const WORDS = bytesOf(
  ...[
    "\t",
    "\n",
    "end\t",
    "%",
    "%00",
    "%1B",
    "%2D",
    "%C3",
    "-",
    "\u0000",
    "token\t",
    "volume\t",
    "protector\t",
    "file\t",
  ],
  ...[
    "verified\t",
    "action\t",
    "seen\t",
    "nic\t",
    "breakglass-agent\t2\t",
    "breakglass-station\t2\t",
    "outcome\trescued\n",
  ],
);

/** The last line counts the lines: a mutation inside would otherwise be refused for that alone. */
function recounted(text: string): string {
  const body = text.replace(/\nend\t[0-9]*\n?$/, "").split("\n");
  return `${body.join("\n")}\nend\t${body.length}\n`;
}

function codec<T>(
  name: string,
  seeds: readonly string[],
  decode: (text: string) => T,
  encode: (value: T) => string,
): Target {
  const attempt = (text: string) => {
    const value = decode(text);
    must(encode(value) === text, "encode(decode(text)) = text");
    return value;
  };
  return {
    name,
    share: 60_000,
    seeds: bytesOf(...seeds),
    dictionary: WORDS,
    longest: 70_000,
    run(input) {
      const text = textOf(input);
      const value = attempt(input.length % 2 === 0 ? recounted(text) : text) as { verb?: string; answer?: string };
      return `${value.verb ?? value.answer} of ${Math.min(8, text.split("\n").length)} lines`;
    },
  };
}

export const RESCUE: readonly Target[] = [
  codec("agent-request", REQUESTS, decodeRequest, encodeRequest),
  codec("agent-answer", ANSWERS, decodeAnswer, encodeAnswer),
];
