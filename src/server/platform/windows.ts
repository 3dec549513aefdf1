import { MACOS } from "./macos.ts";
import type { Platform } from "./platform.ts";

/** Of the calls that this program makes, Windows has those that macOS has, but for two. */
export const WINDOWS: Platform = {
  ...MACOS,
  name: "Windows",
  cannot: {
    ...MACOS.cannot,
    "memory-guard": "Another process of this user can look into the station's memory.",
    "unseal-socket":
      "A running station cannot be unsealed from another window. Stop it and start it again: it asks for the passphrase.",
    "file-modes": "The state folder is not checked for other users. Keep it in your profile, which they cannot enter.",
  },
};
