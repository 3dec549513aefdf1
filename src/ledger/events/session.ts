import { guid, ipv4, list, mac, nullable, optional, record, sha256, text, whole, word } from "./field.ts";
import { family } from "./kind.ts";

const machine = record(
  {
    uuid: nullable(guid("SMBIOS UUID")),
    serial: nullable(text("serial number")),
    vendor: nullable(text("vendor")),
    product: nullable(text("product")),
    macs: list(mac(""), "MAC addresses of its network cards"),
  },
  "what the device says it is",
);

const volume = record(
  {
    volume: whole("its number in this session, from 1"),
    path: text("its path on the device"),
    bytes: whole("its size", "bytes"),
    kind: text("what it is (agent-protocol.md)"),
    state: text("its state of encryption (agent-protocol.md)"),
  },
  "a volume",
);

const protector = record(
  {
    volume: whole("number of its volume"),
    protectorId: guid("key protector ID"),
    type: text("what kind of protector (agent-protocol.md)"),
  },
  "a key protector",
);

const evidence = {
  size: nullable(whole("size", "bytes")),
  sha256: nullable(sha256("digest of its content")),
  mtime: nullable(whole("last change", "s since 1970 UTC")),
  header: nullable(text("its first bytes, as hex digits")),
};

const seenVolume = record(
  {
    volume: whole("its number"),
    openedBy: text("what opened it (agent-protocol.md)"),
    protectorId: nullable(guid("the key protector whose password opened it")),
    ntfs: nullable(text("state of its file system (agent-protocol.md)")),
    look: optional(text("what the agent saw on it, or why it was not looked at (agent-protocol.md)")),
  },
  "a volume",
);

const session = text("the session's ID");
const device = mac("the device");

const stageMark = record(
  { stage: text("the stage (agent-protocol.md)"), uptime: whole("when, since the agent's kernel started", "1/100 s") },
  "a stage",
);

export const SESSION = family({
  "session.opened": {
    what: "The agent on a device said hello with a good, unused boot token: one boot of the recovery image.",
    fields: {
      session,
      device,
      address: ipv4("the address it said hello from"),
      tokenHash: sha256("digest of its boot token, which is used up now"),
      secretHash: sha256("digest of the session's secret"),
      pairing: text("the pairing code on the device's screen"),
      machine,
      secureBoot: word(["on", "off", "unknown"], "Secure Boot"),
      volumes: list(volume, "the volumes the agent found"),
      protectors: list(protector, "all key protectors of all volumes; a release is for one of these"),
    },
  },
  "session.refused": {
    what: "A message of an agent was refused: no session was opened, or the message belongs to no session.",
    fields: {
      reason: text("reason word (refusals.md)"),
      address: ipv4("the address it came from"),
      device: nullable(mac("the device the boot token was made for; null where that is not known")),
    },
  },
  "pairing.confirmed": {
    what: "An operator confirmed the pairing code: this device may be rescued though the inventory does not vouch for it.",
    fields: { session, device },
  },
  "plan.assigned": {
    what: "The agent was given its plan. From here on it may change the device.",
    fields: {
      session,
      device,
      remedy: text("the remedy's ID"),
      remedySha256: sha256("digest of the remedy's canonical JSON"),
    },
  },
  "agent.stage": {
    what: "The agent says how far it has come.",
    fields: {
      session,
      device,
      stage: text("the stage (agent-protocol.md)"),
      uptime: whole("when, since the agent's kernel started", "1/100 s"),
    },
  },
  "session.reported": {
    what: "The agent reported what it found and did. Nothing is released in this session any more.",
    fields: {
      session,
      device,
      outcome: text("how it ended (agent-protocol.md)"),
      volumes: list(seenVolume, "the volumes"),
      files: list(
        record(
          { verdict: text("what the remedy's conditions say of it"), path: text("its path"), ...evidence },
          "a file",
        ),
        "every file that was judged",
      ),
      actions: list(
        record(
          {
            action: text("what was done"),
            path: text("to which file"),
            to: nullable(text("where it is now")),
            ...evidence,
          },
          "an action",
        ),
        "every change that was made",
      ),
      verified: list(
        record({ is: text("`absent` or `present`"), path: text("the path") }, "a path"),
        "paths that were looked at again afterwards",
      ),
      stages: list(stageMark, "the stages"),
    },
  },
});
