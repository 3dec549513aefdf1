import type { Reason } from "./message-words.ts";

/** What a device's screen says for each reason word, and how long the agent waits before it asks again. */
export const ADVICE: Readonly<Record<Reason, { readonly seconds: number; readonly text: string }>> = {
  "no-campaign": {
    seconds: 10,
    text: "No campaign is armed. Nothing was changed on this device. At the station: breakglass campaign arm",
  },
  halted: {
    seconds: 5,
    text: "The campaign is HALTED. Nothing is released and nothing is changed. Leave this device on; it continues by itself when a campaign is armed again.",
  },
  "not-in-plan": {
    seconds: 30,
    text: "This device is not in the campaign's inventory. Nothing was changed. Ask the person who runs the campaign.",
  },
  "awaiting-confirmation": {
    seconds: 3,
    text: "The station needs a person to confirm this device. At the station type: breakglass campaign confirm, and the pairing code shown here.",
  },
  "no-key": {
    seconds: 15,
    text: "The vault has no recovery password for this device's key protector IDs. Nothing was changed. At the station: breakglass escrow import FILE with a newer export. This device then continues by itself.",
  },
  "rate-cap": {
    seconds: 15,
    text: "The campaign has reached its limit of recovery passwords per minute. Nothing was changed. This device continues by itself. If you expected this many devices: halt, and arm with a higher --release-rate.",
  },
  "vault-sealed": {
    seconds: 5,
    text: "The vault is sealed. Nothing was changed. At the station press Enter, or type: breakglass escrow unseal. This device then continues by itself.",
  },
  "ledger-unavailable": {
    seconds: 5,
    text: "The station cannot write its ledger (is its disk full?), so it releases nothing. Nothing was changed on this device.",
  },
  "token-unknown": {
    seconds: 60,
    text: "The station does not know this boot. Nothing was changed. Switch this device off and network-boot it again.",
  },
  "token-used": {
    seconds: 60,
    text: "This boot token was used already. Nothing was changed. If you did not expect this, another machine on this network may have used it: tell the person who runs the campaign, then network-boot again.",
  },
  "token-expired": {
    seconds: 60,
    text: "This boot is too old, or a newer one replaced it. Nothing was changed. Network-boot this device again.",
  },
  "device-mismatch": {
    seconds: 60,
    text: "The boot token was made for another device. Nothing was changed. Network-boot this device again.",
  },
  "session-unknown": {
    seconds: 60,
    text: "The station does not know this session. Nothing more is changed. Network-boot this device again.",
  },
  "session-over": {
    seconds: 60,
    text: "This session has already reported. Nothing more is released in it. Network-boot this device again.",
  },
  "protector-not-listed": {
    seconds: 60,
    text: "The agent asked for a volume or key protector that it had not listed. Nothing was released.",
  },
  "device-cap": {
    seconds: 60,
    text: "This device has reached its limit of recovery passwords. Nothing more is released. A person must look at it.",
  },
  "campaign-cap": {
    seconds: 60,
    text: "The campaign has reached its limit of recovery passwords. Nothing more is released. Ask the person who runs the campaign.",
  },
  malformed: {
    seconds: 60,
    text: "The station did not understand the agent. Do image and station have the same version? Nothing was changed.",
  },
};
