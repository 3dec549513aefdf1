import { formatNameGrammar, type NameGrammar, parseNameGrammar } from "../remedy/name.ts";
import { pathProblem } from "../remedy/path.ts";
import type { Plan } from "../remedy/plan.ts";
import type { Guid } from "../wire/guid.ts";
import { MalformedError } from "../wire/malformed.ts";
import { Secret } from "../wire/secret.ts";
import { type Field, guid, hex256, hexBytes, identifier, integer, pattern, text, word } from "./message-field.ts";
import { LineReader, LineWriter, lineKind } from "./message-line.ts";
import { REASONS, type Reason } from "./message-words.ts";

const SENDER = "breakglass-station";

const folder: Field<string> = {
  read(field) {
    const path = text(128).read(field);
    const problem = pathProblem(path);
    if (problem) throw new MalformedError(problem);
    return path;
  },
  write: text(128).write,
};

const nameGrammar: Field<NameGrammar> = {
  read: (field) => parseNameGrammar(text().read(field)),
  write: (grammar) => text().write(formatNameGrammar(grammar)),
};

const recoveryPassword: Field<Secret<string>> = {
  read(field) {
    // The digits must not travel in an error's text.
    if (!/^[0-9]{6}(-[0-9]{6}){7}$/.test(field)) throw new MalformedError("not 8 groups of 6 digits");
    return new Secret(field);
  },
  write: (password) => password.reveal(),
};

const seconds = integer(-(2 ** 40), 2 ** 40);

const SESSION = lineKind("session", { session: identifier });
const KEY = lineKind("key", { volume: integer(1, 64), protectorId: guid, password: recoveryPassword });
const WAIT = lineKind("wait", { reason: word(REASONS), seconds: integer(1, 3600), text: text(512) });
const REFUSED = lineKind("refused", { reason: word(REASONS), text: text(512) });
const NEXT = lineKind("next", { next: word(["reboot", "stay"]) });
const PLAN = lineKind("plan", {
  version: pattern<"1">("plan version 1", /^1$/),
  remedy: identifier,
  remedySha256: hex256,
  campaign: identifier,
  quarantineFolder: folder,
  hibernated: word(["stop", "discard"]),
});
const REMOVE = lineKind("remove", {
  folder,
  name: nameGrammar,
  header: hexBytes,
  notBefore: seconds,
  before: seconds,
  maxFiles: integer(1, 32),
  action: word(["quarantine", "delete"]),
});

export type Answer =
  | { readonly answer: "session"; readonly session: string }
  | { readonly answer: "key"; readonly volume: number; readonly protectorId: Guid; readonly password: Secret<string> }
  | { readonly answer: "plan"; readonly plan: Plan }
  /** `next` is null in the answer to a stage, and what the device does now in the answer to a report. */
  | { readonly answer: "done"; readonly next: "reboot" | "stay" | null }
  /** Ask again after `seconds`; `text` is shown on the device's screen. */
  | { readonly answer: "wait"; readonly reason: Reason; readonly seconds: number; readonly text: string }
  /** Final. */
  | { readonly answer: "refused"; readonly reason: Reason; readonly text: string };

/** Throws MalformedError whose offset is the line number. */
export function readAnswer(message: string): Answer {
  const lines = new LineReader(message, SENDER);
  const answer = readBody(lines);
  lines.done();
  return answer;
}

function readBody(lines: LineReader): Answer {
  switch (lines.subject) {
    case "session":
      return { answer: "session", ...lines.one(SESSION) };
    case "key":
      return { answer: "key", ...lines.one(KEY) };
    case "plan": {
      const { version: _, ...plan } = lines.one(PLAN);
      return { answer: "plan", plan: { ...plan, removals: lines.many(REMOVE, 1, 8) } };
    }
    case "done":
      return { answer: "done", next: lines.many(NEXT, 0, 1)[0]?.next ?? null };
    case "wait":
      return { answer: "wait", ...lines.one(WAIT) };
    case "refused":
      return { answer: "refused", ...lines.one(REFUSED) };
    default:
      return lines.fail("no such answer");
  }
}

export function writeAnswer(answer: Answer): string {
  const lines = new LineWriter(SENDER, answer.answer);
  switch (answer.answer) {
    case "session":
      return lines.put(SESSION, answer).done();
    case "key":
      return lines.put(KEY, answer).done();
    case "plan":
      return lines
        .put(PLAN, { version: "1", ...answer.plan })
        .put(REMOVE, ...answer.plan.removals)
        .done();
    case "done":
      return (answer.next === null ? lines : lines.put(NEXT, { next: answer.next })).done();
    case "wait":
      return lines.put(WAIT, answer).done();
    case "refused":
      return lines.put(REFUSED, answer).done();
  }
}
