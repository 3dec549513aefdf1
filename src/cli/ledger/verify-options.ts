import { createPublicKey } from "node:crypto";
import { readFileSync } from "node:fs";
import { InvalidArgumentError } from "commander";
import { looksLikeCheckpointText, parseCheckpoint, publicKeyHex } from "../../ledger/checkpoint.ts";
import { MalformedError } from "../../wire/malformed.ts";
import { OperatorError } from "../../wire/operator-error.ts";
import { type ReadCheckpoint, readCheckpoint, readCheckpoints } from "../checkpoint-files.ts";
import { stateFolder } from "../state.ts";
import type { StateOption } from "../state-option.ts";
import { printable } from "../table.ts";

/** An entry noted down earlier. */
export type Expected = { readonly seq: number; readonly hash: string };

type CheckpointOptions = StateOption & {
  readonly export?: string;
  readonly checkpoint?: readonly ReadCheckpoint[];
  readonly checkpoints?: string;
};

/** The checkpoints to judge by. `optional`: nobody named them, and an export may be older, or of another ledger. */
export function checkpointsToJudge(options: CheckpointOptions) {
  const named = [
    ...(options.checkpoint ?? []),
    ...(options.checkpoints === undefined ? [] : readCheckpoints(options.checkpoints, true)),
  ];
  const wrong = named.find(({ checkpoint }) => typeof checkpoint === "string");
  if (wrong !== undefined)
    throw new OperatorError(
      `${printable(wrong.source)} is no checkpoint: ${wrong.checkpoint}. Nothing was checked.`,
      "Name a checkpoint's file, or the whole text of its QR code in quotation marks: BGCP1:...",
    );
  const kept = named.length > 0 ? [] : readCheckpoints(keptIn(options), false);
  const all = [...named, ...kept];
  return {
    all: all.filter(({ checkpoint }) => typeof checkpoint !== "string"),
    unread: all.filter(({ checkpoint }) => typeof checkpoint === "string"),
    optional: options.export !== undefined && named.length === 0,
  };
}

function keptIn(options: CheckpointOptions): string {
  try {
    return stateFolder(options).checkpoints;
  } catch (error) {
    if (options.export === undefined) throw error;
    return "";
  }
}

/** A file, which is read at once, or the text itself. */
export function collectCheckpoint(value: string, before: readonly ReadCheckpoint[] = []): readonly ReadCheckpoint[] {
  if (!looksLikeCheckpointText(value)) return [...before, readCheckpoint(value)];
  try {
    return [...before, { source: "the text given", checkpoint: parseCheckpoint(value) }];
  } catch (error) {
    if (!(error instanceof MalformedError)) throw error;
    return [...before, { source: "The text given", checkpoint: error.what }];
  }
}

/** Public keys, 64 hex digits each, from PEM files or as they are. */
export function collectKey(value: string, before: readonly string[] = []): readonly string[] {
  const digits = value.replace(/\s+/g, "").toLowerCase();
  if (/^[0-9a-f]{64}$/.test(digits)) return [...before, digits];
  try {
    return [...before, publicKeyHex(createPublicKey(readFileSync(value, "utf8")))];
  } catch {
    throw new InvalidArgumentError("A PEM file with an Ed25519 key, or the key's 64 hexadecimal digits.");
  }
}

/** As `ledger verify` prints it, or typed from paper in groups. */
export function parseExpected(text: string): Expected {
  const fields = /^(\d{1,15}):([0-9a-f]{64})$/.exec(text.replace(/\s+/g, "").toLowerCase());
  if (fields === null) throw new InvalidArgumentError("Write it as `ledger verify` prints it: SEQ:HASH.");
  return { seq: Number(fields[1]), hash: fields[2]! };
}
