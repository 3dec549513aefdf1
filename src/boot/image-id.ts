/** The architectures that recovery images are built for. Debian calls them `amd64` and `arm64`. */
export type ImageArchitecture = "x64" | "arm64";

/** Which recovery image a device runs. Two kinds may stand beside each other for the same architecture. */
export interface ImageId {
  /** No WinPE image is built yet. */
  readonly kind: "linux" | "winpe";
  readonly architecture: ImageArchitecture;
}

/** An image as ledger, screen and maps spell it: the Linux image by its architecture alone. */
export type ImageName = ImageArchitecture | `winpe-${ImageArchitecture}`;

export function imageName({ kind, architecture }: ImageId): ImageName {
  return kind === "linux" ? architecture : `${kind}-${architecture}`;
}
