import { document, guid, list, mac, nullable, optional, record, sha256, text, whole, word } from "./field.ts";
import { family } from "./kind.ts";

const inventoryDevice = record(
  {
    name: text("its name in the inventory"),
    macs: list(mac(""), "its MAC addresses"),
    serial: nullable(text("its serial number")),
    uuid: nullable(guid("its SMBIOS UUID")),
  },
  "a device",
);

export const CAMPAIGN = family({
  "campaign.armed": {
    what: "An operator armed a campaign. From this entry on, devices may boot, get their recovery passwords and be changed.",
    fields: {
      campaign: text("the campaign's name"),
      remedy: optional(text("the remedy's ID; absent in the oldest ledgers")),
      remedySha256: optional(sha256("digest of the remedy's canonical JSON; absent in the oldest ledgers")),
      document: optional(document("the remedy itself (remedy.md); absent in the oldest ledgers")),
      unknown: optional(
        word(
          ["confirm", "auto", "hold"],
          "devices that are not in the inventory: an operator confirms the pairing code, they are let in, or they get no answer; absent in the oldest ledgers",
        ),
      ),
      hibernated: optional(
        word(
          ["stop", "discard"],
          "a volume with a hibernated Windows session: stop, or discard that session; absent in the oldest ledgers",
        ),
      ),
      devices: list(inventoryDevice, "the inventory"),
      releaseRate: optional(
        whole("most pairs of device and key protector released within a minute; absent: the station's default"),
      ),
    },
  },
  "campaign.halted": {
    what: "Somebody halted the campaign. From this entry on, nothing more is admitted, released or changed.",
    fields: { campaign: text("the campaign's name"), reason: text("why, in the operator's words") },
  },
});
