/**
 * Numbers of the FVE (BitLocker) on-disk format, version 2, as Windows 7 and later write it. Sources: the format
 * description of libbde, and volumes opened with cryptsetup 2.6.1 and dislocker 0.7.3.
 */

/** At offset 3 of a BitLocker volume's first sector, and at the start of each metadata block. */
export const FVE_SIGNATURE = Uint8Array.from("-FVE-FS-", (letter) => letter.charCodeAt(0));
/** At offset 3 of a "BitLocker To Go" volume's first sector, which pretends to be FAT. */
export const TO_GO_SIGNATURE = Uint8Array.from("MSWIN4.1", (letter) => letter.charCodeAt(0));

/** Where a first sector says which FVE layout follows, and where its three metadata blocks are. */
export const BOOT_SECTOR_BYTES = 512;
export const SECTOR_SIZE_AT = 11;
export const LAYOUT_GUID_AT = 160;
export const TO_GO_LAYOUT_GUID_AT = 424;
export const LAYOUT_NORMAL = "4967D63B-2E29-4AD8-8399-F6A339E3D001";
/** Encrypt-on-write: only used space is encrypted, the rest as it is written. */
export const LAYOUT_ENCRYPT_ON_WRITE = "92A84D3B-DD80-4D0E-9E4E-B1E3284EAED8";

export const METADATA_BLOCKS = 3;
/** Each metadata block owns this much of the volume, and reads as zeros through it. */
export const METADATA_AREA_BYTES = 64 * 1024;
export const BLOCK_HEADER_BYTES = 64;
export const DATASET_HEADER_BYTES = 48;
export const ENTRY_HEADER_BYTES = 8;

export const EntryType = { property: 0, vmk: 2, fvek: 3, startupKey: 6, description: 7, volumeHeader: 15 } as const;
export const ValueType = {
  key: 1,
  text: 2,
  stretchKey: 3,
  aesCcm: 5,
  vmk: 8,
  externalKey: 9,
  volumeHeader: 15,
} as const;

/** What a `key` value, or the plaintext of an AES-CCM value, is for. */
export const KeyUse = { stretched: 0x1000, external: 0x2002, vmk: 0x2003, validation: 0x2005 } as const;

/** Volume encryption methods by their number in the metadata. */
export const METHODS: ReadonlyMap<number, EncryptionMethod> = new Map([
  [0x8000, "aes-cbc-128-diffuser"],
  [0x8001, "aes-cbc-256-diffuser"],
  [0x8002, "aes-cbc-128"],
  [0x8003, "aes-cbc-256"],
  [0x8004, "aes-xts-128"],
  [0x8005, "aes-xts-256"],
]);
export type EncryptionMethod =
  | "aes-cbc-128-diffuser"
  | "aes-cbc-256-diffuser"
  | "aes-cbc-128"
  | "aes-cbc-256"
  | "aes-xts-128"
  | "aes-xts-256";

export const XTS_METHOD_NUMBER = { "aes-xts-128": 0x8004, "aes-xts-256": 0x8005 } as const;
export type XtsMethod = keyof typeof XTS_METHOD_NUMBER;

/** Conversion states of a volume; a block names the current and the next one. Only 4/4 is at rest and encrypted. */
export const StateNumber = {
  none: 0,
  decrypted: 1,
  converting: 2,
  encryptOnWrite: 3,
  encrypted: 4,
  paused: 5,
} as const;
