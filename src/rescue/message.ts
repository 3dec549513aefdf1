import { type Answer, readAnswer, writeAnswer } from "./message-answer.ts";
import { type Request, readRequest, writeRequest } from "./message-request.ts";

/**
 * Agent protocol, version 1 (docs/formats/agent-protocol.md): what a device's agent and the station say to each other.
 * Each message has one spelling: `encode(decode(text)) = text` for every text that decodes, `decode(encode(value)) =
 * value`, and any other text throws MalformedError with the number of the offending line.
 */
export type { Answer } from "./message-answer.ts";
export type {
  ActionEvidence,
  FileEvidence,
  Hello,
  HelloProtector,
  HelloVolume,
  Report,
  Request,
  SeenVolume,
  StageMark,
  Unlock,
  Verb,
  VerifiedPath,
} from "./message-request.ts";

/** The body of `POST /agent/v1/<verb>`. */
export function decodeRequest(text: string): Request {
  return readRequest(text);
}

export function encodeRequest(request: Request): string {
  return writeRequest(request);
}

export function decodeAnswer(text: string): Answer {
  return readAnswer(text);
}

export function encodeAnswer(answer: Answer): string {
  return writeAnswer(answer);
}
