import { createHash } from "node:crypto";
import { crc32 } from "node:zlib";
import { ByteReader } from "../wire/bytes.ts";
import { MalformedError } from "../wire/malformed.ts";
import { offsetOf } from "./boot-sector.ts";
import { decodeEntries } from "./entry.ts";
import type { ReadAt } from "./read-at.ts";
import {
  BLOCK_HEADER_BYTES,
  DATASET_HEADER_BYTES,
  FVE_SIGNATURE,
  METADATA_AREA_BYTES,
  METADATA_BLOCKS,
  ValueType,
} from "./registry.ts";
import { decodeSealedKey, type SealedKey } from "./sealed-key.ts";

/** One of the three metadata blocks, its CRC-32 checked, its entries not yet read. */
export interface FveBlock {
  readonly currentState: number;
  readonly nextState: number;
  readonly encryptedBytes: number;
  readonly metadataOffsets: readonly number[];
  readonly bootBackupSectors: number;
  readonly bootBackupOffset: number;
  readonly dataset: { readonly header: Uint8Array; readonly entries: Uint8Array };
  readonly sealedValidation: SealedKey | null;
  readonly sha256: Uint8Array;
}

const VALIDATION_HEADER_BYTES = 8;

/** Reads the block at `offset`: block header, dataset (48 bytes and entries), then its validation. */
export function readBlock(read: ReadAt, offset: number): FveBlock {
  const head = take(read, offset, BLOCK_HEADER_BYTES + DATASET_HEADER_BYTES);
  const reader = new ByteReader(head);
  if (!FVE_SIGNATURE.every((byte) => reader.u8() === byte)) throw new MalformedError("no FVE metadata block", offset);
  const size = reader.u16le() * 16;
  const version = reader.u16le();
  if (version !== 2) throw new MalformedError(`FVE metadata version ${version} is not read`, offset);
  if (size < head.length || size > METADATA_AREA_BYTES)
    throw new MalformedError(`FVE metadata block of ${size} bytes`, offset);
  const currentState = reader.u16le();
  const nextState = reader.u16le();
  const encryptedBytes = offsetOf(reader);
  reader.u32le(); // bytes under conversion right now
  const bootBackupSectors = reader.u32le();
  const metadataOffsets = Array.from({ length: METADATA_BLOCKS }, () => offsetOf(reader));
  const bootBackupOffset = offsetOf(reader);
  const block = take(read, offset, size);
  const sealedValidation = readValidation(read, offset + size, block);
  return {
    currentState,
    nextState,
    encryptedBytes,
    metadataOffsets,
    bootBackupSectors,
    bootBackupOffset,
    dataset: splitDataset(block, offset),
    sealedValidation,
    sha256: createHash("sha256").update(block).digest(),
  };
}

function splitDataset(block: Uint8Array, offset: number): FveBlock["dataset"] {
  const dataset = block.subarray(BLOCK_HEADER_BYTES);
  const reader = new ByteReader(dataset);
  const size = reader.u32le();
  reader.u32le(); // version of the dataset
  const headerSize = reader.u32le();
  if (headerSize !== DATASET_HEADER_BYTES || size < headerSize || size > dataset.length)
    throw new MalformedError(`FVE dataset of ${size} bytes with a header of ${headerSize}`, offset);
  return { header: dataset.subarray(0, headerSize), entries: dataset.subarray(headerSize, size) };
}

/** `{size u16, version u16, CRC-32 of the block u32}`, then a sealed SHA-256 of the block. */
function readValidation(read: ReadAt, offset: number, block: Uint8Array): SealedKey | null {
  const reader = new ByteReader(take(read, offset, VALIDATION_HEADER_BYTES));
  const size = reader.u16le();
  reader.u16le(); // version
  if (reader.u32le() !== crc32(block)) throw new MalformedError("FVE metadata block with a wrong CRC-32", offset);
  // The size has been seen counted from this header, and counted backwards: read to the end of the sealed value.
  const rest = read(offset + VALIDATION_HEADER_BYTES, Math.min(size, 512));
  const [first] = rest.length < 2 ? [] : firstEntry(rest);
  return first?.valueType === ValueType.aesCcm ? decodeSealedKey(first.value) : null;
}

function firstEntry(bytes: Uint8Array): ReturnType<typeof decodeEntries> {
  const size = new ByteReader(bytes).u16le();
  return decodeEntries(bytes.subarray(0, size));
}

function take(read: ReadAt, offset: number, length: number): Uint8Array {
  const bytes = read(offset, length);
  if (bytes.length < length) throw new MalformedError("FVE metadata past the volume's end", offset);
  return bytes;
}
