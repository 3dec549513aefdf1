import type { ImageArchitecture } from "../boot/image-id.ts";

/** What differs between one architecture and another, wherever it is not in the recipe. */
interface ArchitectureNames {
  /** Debian's word for it. */
  readonly debian: "amd64" | "arm64";
  /** Where Debian keeps its libraries, below usr/lib. */
  readonly libraries: string;
  /** The name of shim is ours to choose; that of GRUB is compiled into shim, which asks for it beside itself. */
  readonly shim: string;
  readonly grub: string;
}

/** An image is for one of these. */
export const ARCHITECTURES: Readonly<Record<ImageArchitecture, ArchitectureNames>> = {
  x64: { debian: "amd64", libraries: "x86_64-linux-gnu", shim: "shimx64.efi", grub: "grubx64.efi" },
  arm64: { debian: "arm64", libraries: "aarch64-linux-gnu", shim: "shimaa64.efi", grub: "grubaa64.efi" },
};

export const IMAGE_ARCHITECTURES = Object.keys(ARCHITECTURES) as readonly ImageArchitecture[];

/** By Debian's word for it. */
export function architectureOf(debian: ArchitectureNames["debian"]): ArchitectureNames {
  return Object.values(ARCHITECTURES).find((each) => each.debian === debian)!;
}
