import { guid, ipv4, mac, nullable, optional, sha256, text } from "./field.ts";
import { family } from "./kind.ts";

export const BOOT = family({
  "boot.offered": {
    what: "A device's firmware asked to boot from the network, and the station answered. It ties the address to the device.",
    fields: {
      device: mac("the device"),
      address: ipv4("the address it boots from"),
      uuid: optional(nullable(guid("its SMBIOS UUID (DHCP option 97)"))),
      firmware: text("the kind of firmware, such as `uefi-x64`"),
    },
  },
  "boot.token-minted": {
    what: "The device fetched its session archive, which holds a one-time boot token. An earlier token of this device is no longer good.",
    fields: {
      device: mac("the device"),
      address: ipv4("the address that fetched it"),
      tokenHash: sha256("digest of the token; the token itself is in no entry"),
    },
  },
});
