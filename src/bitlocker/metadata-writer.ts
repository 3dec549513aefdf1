import { createHash } from "node:crypto";
import { crc32 } from "node:zlib";
import { ByteWriter } from "../wire/bytes.ts";
import { type Guid, guidToBytes } from "../wire/guid.ts";
import { encodeEntry, encodeText } from "./entry.ts";
import { filetimeFromUnix } from "./filetime.ts";
import type { NewVolumeKeys } from "./new-volume-keys.ts";
import {
  BLOCK_HEADER_BYTES,
  DATASET_HEADER_BYTES,
  EntryType,
  FVE_SIGNATURE,
  METADATA_AREA_BYTES,
  ValueType,
  XTS_METHOD_NUMBER,
  type XtsMethod,
} from "./registry.ts";
import { encodeSealedKey } from "./sealed-key.ts";
import type { VolumeLayout } from "./volume-layout.ts";

/** What a new volume's metadata says. */
interface NewMetadata {
  readonly layout: VolumeLayout;
  readonly volumeGuid: Guid;
  readonly method: XtsMethod;
  readonly currentState: number;
  readonly nextState: number;
  readonly encryptedBytes: number;
  readonly description: string;
  readonly created: number;
}

/**
 * One metadata area of 64 KiB: block header, dataset, entries, then the validation (CRC-32, and the block's SHA-256
 * sealed under the VMK; newer cryptsetup checks it). All three areas of a volume hold the same bytes.
 */
export function encodeMetadataArea(metadata: NewMetadata, keys: NewVolumeKeys): Uint8Array {
  const entries = encodeEntries(metadata, keys);
  const datasetBytes = DATASET_HEADER_BYTES + entries.length;
  const blockBytes = Math.ceil((BLOCK_HEADER_BYTES + datasetBytes) / 16) * 16;
  const sealed = keys.nextNonce();
  const writer = new ByteWriter(blockBytes);
  blockHeader(writer, metadata, blockBytes);
  writer.u32le(datasetBytes).u32le(1).u32le(DATASET_HEADER_BYTES).u32le(datasetBytes);
  // The validation below takes one more nonce: the counter stored is the one after it.
  writer.put(guidToBytes(metadata.volumeGuid)).u32le(sealed + 1);
  writer.u32le(XTS_METHOD_NUMBER[metadata.method]).u64le(filetimeFromUnix(metadata.created)).put(entries);
  const block = writer.zeros(blockBytes - writer.length).done();
  const area = new ByteWriter(METADATA_AREA_BYTES).put(block).put(validation(block, keys));
  return area.zeros(METADATA_AREA_BYTES - area.length).done();
}

function blockHeader(writer: ByteWriter, metadata: NewMetadata, blockBytes: number): void {
  const { layout } = metadata;
  writer
    .put(FVE_SIGNATURE)
    .u16le(blockBytes / 16)
    .u16le(2)
    .u16le(metadata.currentState)
    .u16le(metadata.nextState);
  writer
    .u64le(BigInt(metadata.encryptedBytes))
    .u32le(0)
    .u32le(layout.bootBackup.bytes / 512);
  for (const offset of layout.metadataOffsets) writer.u64le(BigInt(offset));
  writer.u64le(BigInt(layout.bootBackup.offset));
}

function encodeEntries(metadata: NewMetadata, keys: NewVolumeKeys): Uint8Array {
  const { offset, bytes } = metadata.layout.bootBackup;
  const backup = new ByteWriter(16).u64le(BigInt(offset)).u64le(BigInt(bytes)).done();
  const writer = new ByteWriter();
  writer.put(encodeEntry(EntryType.description, ValueType.text, encodeText(metadata.description)));
  for (const entry of keys.protectorEntries) writer.put(entry);
  writer.put(encodeEntry(EntryType.fvek, ValueType.aesCcm, encodeSealedKey(keys.sealedFvek)));
  writer.put(encodeEntry(EntryType.volumeHeader, ValueType.volumeHeader, backup));
  return writer.done();
}

function validation(block: Uint8Array, keys: NewVolumeKeys): Uint8Array {
  const sealed = keys.sealValidation(createHash("sha256").update(block).digest());
  const entry = encodeEntry(EntryType.property, ValueType.aesCcm, encodeSealedKey(sealed));
  return new ByteWriter()
    .u16le(8 + entry.length)
    .u16le(2)
    .u32le(crc32(block))
    .put(entry)
    .done();
}
