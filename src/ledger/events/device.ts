import { mac, nullable, optional, text, word } from "./field.ts";
import { family } from "./kind.ts";

const session = text("the session's ID");
const device = mac("the device");

export const DEVICE = family({
  "device.admitted": {
    what: "The armed campaign takes this session's device.",
    fields: {
      session,
      device,
      campaign: text("the campaign's name"),
      name: nullable(text("the inventory's name for the device; null if it is not in the inventory")),
    },
  },
  "device.held": {
    what: "The device waits, and goes on by itself when the reason is gone. One entry each time the reason changes.",
    fields: { session, device, reason: text("reason word (refusals.md)") },
  },
  "device.sighted": {
    what: "A device that had reported was seen again by its DHCP packets.",
    fields: {
      device,
      as: word(["windows", "network-boot"], "Windows asks for an address, or the firmware asks to boot"),
      session: optional(
        text("the session whose device it is; left out by breakglass before it told devices that share a card apart"),
      ),
      unproven: optional(
        text("why this does not prove that the device came back: `other-host-name`, or `shared-adapter`"),
      ),
    },
  },
  "device.confirmed": {
    what: "The device came back: Windows asked for an address after the rescue.",
    fields: { session, device },
  },
  "device.relapsed": {
    what: "The device boots from the network again without having reached Windows.",
    fields: { session, device },
  },
});
