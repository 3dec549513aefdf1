import { document, hex256, ipv4, optional, sha256, text, word } from "./field.ts";
import { family } from "./kind.ts";

const publicKey = hex256("the station key, Ed25519 (ledger.md)");

export const STATION = family({
  "station.started": {
    what: "`breakglass serve` is ready to answer.",
    fields: {
      station: text("its name"),
      interface: text("the interfaces it serves on"),
      address: text("its address on each of them"),
      version: text("version of breakglass"),
      images: optional(document("SHA-256 of each image's manifest, by architecture")),
      imageSha256: optional(sha256("the one image's, in the oldest ledgers")),
    },
  },
  "station.noticed": {
    what: "The station saw something that an operator has to know.",
    fields: {
      what: word(["other-boot-server", "other-dhcp-server"], "another server on the same network"),
      server: ipv4("its address"),
      text: text("the whole of it, for a person"),
    },
  },
  "station.key-made": {
    what: "The station made the key that it signs checkpoints with.",
    fields: { publicKey },
  },
  "station.key-replaced": {
    what: "The station signs with another key from here on. A checkpoint by the old one that names a later entry is not accepted.",
    fields: { publicKey, before: hex256("the key before it") },
  },
});
