import { ByteReader } from "../wire/bytes.ts";
import { type Guid, guidFromBytes } from "../wire/guid.ts";
import { MalformedError } from "../wire/malformed.ts";
import { type BootSector, offsetOf, readBootSector } from "./boot-sector.ts";
import { decodeEntries, decodeText, type FveEntry } from "./entry.ts";
import { unixFromFiletime } from "./filetime.ts";
import { type FveBlock, readBlock } from "./metadata-block.ts";
import type { KeyProtector } from "./protector.ts";
import type { ReadAt } from "./read-at.ts";
import { type EncryptionMethod, EntryType, METADATA_BLOCKS, METHODS, ValueType } from "./registry.ts";
import { decodeSealedKey, type SealedKey } from "./sealed-key.ts";
import { type FveState, stateOf } from "./state.ts";
import { decodeProtector } from "./vmk-entry.ts";

/** What a BitLocker volume says about itself without any key. */
export interface FveMetadata {
  readonly volumeGuid: Guid;
  readonly method: EncryptionMethod | "unknown";
  readonly state: FveState;
  /** The conversion states behind `state`, as numbered by StateNumber. */
  readonly currentState: number;
  readonly nextState: number;
  /** Computer name, volume label and date, as Windows writes them; "" if there is none. */
  readonly description: string;
  /** Unix seconds. */
  readonly created: number;
  readonly sectorBytes: number;
  /** Bytes from the start of the volume that are encrypted; the rest is still (or already) plain. */
  readonly encryptedBytes: number;
  readonly metadataOffsets: readonly number[];
  /** Where the volume's first sectors lie, encrypted, since the FVE boot sector took their place. */
  readonly bootBackup: { readonly offset: number; readonly bytes: number };
  /** True if an entry 0x000f says so; other programs read nothing else, and find no file system without it. */
  readonly saysBootBackup: boolean;
  readonly protectors: readonly KeyProtector[];
  readonly sealedFvek: SealedKey | null;
  /** The block's own SHA-256, sealed under the VMK. */
  readonly sealedValidation: SealedKey | null;
  /** Which of the three blocks was read: 1, or 2 or 3 if the ones before it are damaged. */
  readonly block: number;
  readonly blockSha256: Uint8Array;
}

/**
 * Reads a BitLocker volume's metadata: boot sector, then the first of its three metadata blocks whose CRC-32 holds.
 * Anything else than an undamaged FVE version 2 volume is MalformedError.
 */
export function readMetadata(read: ReadAt): FveMetadata {
  const bootSector = readBootSector(read);
  let firstFailure: MalformedError | undefined;
  for (let index = 0; index < METADATA_BLOCKS; index++) {
    try {
      return decodeMetadata(bootSector, readBlock(read, bootSector.metadataOffsets[index]!), index + 1);
    } catch (error) {
      if (!(error instanceof MalformedError)) throw error;
      firstFailure ??= error;
    }
  }
  throw new MalformedError(`all three FVE metadata blocks are damaged: ${firstFailure!.what}`, firstFailure!.offset);
}

function decodeMetadata(bootSector: BootSector, block: FveBlock, number: number): FveMetadata {
  const header = new ByteReader(block.dataset.header, 16);
  const volumeGuid = guidFromBytes(header.take(16));
  header.u32le(); // next nonce counter
  const method = METHODS.get(header.u16le()) ?? "unknown";
  header.u16le();
  const created = unixFromFiletime(header.u64le());
  const entries = decodeEntries(block.dataset.entries);
  const protectors = entries.filter((entry) => entry.entryType === EntryType.vmk).map(decodeProtector);
  const description = find(entries, EntryType.description, ValueType.text);
  const volumeHeader = find(entries, EntryType.volumeHeader, ValueType.volumeHeader);
  const fvek = find(entries, EntryType.fvek, ValueType.aesCcm);
  return {
    volumeGuid,
    method,
    state: stateOf(bootSector.layout, block.currentState, block.nextState, protectors, volumeHeader !== undefined),
    currentState: block.currentState,
    nextState: block.nextState,
    description: description === undefined ? "" : decodeText(description.value),
    created,
    sectorBytes: bootSector.sectorBytes,
    encryptedBytes: block.encryptedBytes,
    metadataOffsets: block.metadataOffsets,
    bootBackup: bootBackup(block, volumeHeader),
    saysBootBackup: volumeHeader !== undefined,
    protectors,
    sealedFvek: fvek === undefined ? null : decodeSealedKey(fvek.value),
    sealedValidation: block.sealedValidation,
    block: number,
    blockSha256: block.sha256,
  };
}

function find(entries: readonly FveEntry[], entryType: number, valueType: number): FveEntry | undefined {
  return entries.find((entry) => entry.entryType === entryType && entry.valueType === valueType);
}

function bootBackup(block: FveBlock, entry: FveEntry | undefined): FveMetadata["bootBackup"] {
  if (entry === undefined) return { offset: block.bootBackupOffset, bytes: block.bootBackupSectors * 512 };
  const reader = new ByteReader(entry.value);
  return { offset: offsetOf(reader), bytes: offsetOf(reader) };
}
