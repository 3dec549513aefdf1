import { guid, list, mac, nullable, optional, text, whole, word } from "./field.ts";
import { family } from "./kind.ts";

const protectorId = guid("key protector ID");
const depositId = text("ID of the deposit in the vault");
const channel = word(["desk", "api"], "at the station's own screen, or over the operator API");

export const KEY = family({
  "key.released": {
    what: "A recovery password goes to a device. This entry is on disk before the vault opens the password.",
    fields: {
      session: text("the session's ID"),
      device: mac("the device"),
      campaign: text("the campaign's name"),
      protectorId,
      depositId,
      attempt: whole("1 for the first time this session gets this protector's password"),
    },
  },
  "key.refused": {
    what: "A device asked for a recovery password or its plan and was refused for good.",
    fields: {
      session: text("the session's ID"),
      device: mac("the device"),
      reason: text("reason word (refusals.md)"),
      volume: optional(whole("number of the volume; absent where the session itself is over")),
      protectorId: optional(nullable(protectorId)),
    },
  },
  "key.released-by-hand": {
    what: "A recovery password goes to a person or a script. This entry is on disk before the vault opens the password.",
    fields: {
      channel,
      reason: text("the reason that the person or script gave"),
      ticket: nullable(text("number of the help desk's ticket")),
      deviceName: nullable(text("the device's name in the deposit")),
      protectorId,
      depositId,
      duringHalt: nullable(text("the campaign that was halted then, and the person knew; null: none was")),
    },
  },
  "key.refused-by-hand": {
    what: "A person or a script was refused a recovery password. The same refusal of one actor is one entry an hour.",
    fields: {
      channel,
      reason: word(["halted", "hand-cap"], "the campaign is halted, or a cap is reached"),
      protectorId: nullable(protectorId),
    },
  },
  "key.rotated": {
    what: "An operator says that these recovery passwords open nothing any more. They leave the rotation list.",
    fields: {
      deviceName: nullable(text("the device's name")),
      reason: text("how the operator knows"),
      protectorIds: list(protectorId, "key protector IDs"),
      depositIds: list(depositId, "IDs of the deposits"),
    },
  },
});
