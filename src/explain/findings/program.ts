import { type Attempt, baseName, dhcpOf, handshakesOf, isWhole, loadsOf } from "../attempt.ts";
import type { LoadSeen } from "../seen.ts";
import { latest, listed, quiet, type Rule, type Scene, timesSent } from "./finding.ts";
import { loaderOfOtherFirmware } from "./offer.ts";

/** A loader that runs asks for its next file within two seconds, under emulation within five. */
const NEXT_STEP_MS = 10_000;
/** From the last byte of the image to the agent's first call: 6 s under emulation, longer with slow cards and firmware. */
const AGENT_MS = 90_000;

const SHIM = /^shim.*\.efi$/;
const SECOND_STAGE = /^(grub|mm|fb|ipxe|systemd-boot).*\.efi$/;
const GRUB = /^grub.*\.efi$/;
const KERNEL = /^(vmlinuz|bzimage|linux)/;
const INITRD = /^init(rd|ramfs)/;
/** What shim and GRUB ask for in case it is there, and do without. */
const OPTIONAL = /^(revocations.*\.efi|shim_certificate.*\.efi|.*\.lst|grub\.cfg-.+|autoexec\.ipxe|.*\.pf2|.*\.mo)$/;

const last = (loads: readonly LoadSeen[], name: RegExp) => loads.findLast((load) => name.test(baseName(load.name)));
const wholeOf = (loads: readonly LoadSeen[], name: RegExp) =>
  loads.findLast((load) => name.test(baseName(load.name)) && isWhole(load));
const isMissing = (load: LoadSeen) => load.ending === "refused" && load.code === (load.over === "tftp" ? 1 : 404);

/** Questions that were answered with "no such file", and after which the device loaded nothing more: it stopped there. */
function missing(scene: Scene): LoadSeen[] {
  const loads = loadsOf(scene.attempt);
  const lost = loads.filter(
    (load) =>
      isMissing(load) &&
      !OPTIONAL.test(baseName(load.name)) &&
      !loads.some((other) => isWhole(other) && (other.at >= load.at || baseName(other.name) === baseName(load.name))),
  );
  return lost.length > 0 && quiet(scene, latest(loads), NEXT_STEP_MS / 2) ? lost : [];
}

/** Nothing came of a file: no other was asked for after it, no DHCP of what it would have started. */
function nothingAfter(scene: Scene, load: LoadSeen): boolean {
  const name = baseName(load.name);
  const further = scene.attempt.seen.some(
    (each) =>
      each.at >= load.at &&
      ((each.what === "load" && baseName(each.name) !== name) ||
        each.what === "tls" ||
        (each.what === "dhcp" &&
          each.at > load.endedAt &&
          each.program !== "firmware" &&
          each.message !== "OFFER" &&
          each.message !== "ACK")),
  );
  return !further && quiet(scene, latest(loadsOf(scene.attempt)), NEXT_STEP_MS);
}

const again = (attempt: Attempt, load: LoadSeen) =>
  loadsOf(attempt).some((each) => each.at > load.endedAt && baseName(each.name) === baseName(load.name));

export const loaderRejected: Rule = (scene) => {
  const loads = loadsOf(scene.attempt);
  const load = loads.find(isWhole);
  const { architecture } = scene.attempt;
  if (load === undefined || architecture === 0 || loaderOfOtherFirmware(scene) !== null) return null;
  // The loader is the first file of all; where the capture begins later, no name is a proof.
  if (baseName(loads[0]!.name) !== baseName(load.name) || !/\.efi$/.test(baseName(load.name))) return null;
  if (!nothingAfter(scene, load)) return null;
  const then = again(scene.attempt, load) ? "asked for it again from the start" : "did nothing more";
  return {
    what: `The firmware loaded all of ${load.name}, then ${then}: it did not start it. With Secure Boot on, the firmware does not trust its signature.`,
    cure: SHIM.test(baseName(load.name))
      ? 'Look at its screen (Access Denied, Security Violation). In the firmware setup allow the "Microsoft 3rd-party UEFI CA" (Lenovo, Dell, HP and Surface switch it off by default; BitLocker may ask for its recovery password after that), or rescue the device by hand in WinRE. An older shim may have been revoked: build the image again.'
      : "This loader is not signed for Secure Boot. Serve shim as the first file (the default). Leave Secure Boot on: if you switch it off, BitLocker asks for its recovery password at the next boot.",
    by: loads.filter(({ name }) => baseName(name) === baseName(load.name)),
  };
};

export const loaderDidNothing: Rule = (scene) => {
  const loads = loadsOf(scene.attempt);
  const load = loads.find(isWhole);
  if (load === undefined || scene.attempt.architecture !== 0 || loaderOfOtherFirmware(scene) !== null) return null;
  if (baseName(loads[0]!.name) !== baseName(load.name) || !nothingAfter(scene, load)) return null;
  return {
    what: `The device loaded all of ${load.name} and did nothing after that: the loader does not work with this network card.`,
    cure: "Try the other boot mode in the firmware setup (UEFI instead of legacy), another network card (USB), or rescue the device by hand in WinRE.",
    by: [load],
  };
};

export const secondStageRejected: Rule = (scene) => {
  const loads = loadsOf(scene.attempt);
  const shim = wholeOf(loads, SHIM);
  const stage = wholeOf(loads, SECOND_STAGE);
  if (shim === undefined || stage === undefined || stage.at < shim.at || !nothingAfter(scene, stage)) return null;
  return {
    what: `shim loaded all of ${stage.name} and did nothing after that: it did not accept the signature, or the security version (SBAT) was revoked.`,
    cure: 'shim and GRUB must come from the same current release. Build the image again (breakglass image build) and serve its files unmodified. Look at the device\'s screen for "Security Violation".',
    by: [shim, stage],
  };
};

export const secondStageMissing: Rule = (scene) => {
  const loads = loadsOf(scene.attempt);
  const shim = wholeOf(loads, SHIM);
  const lost = missing(scene).filter(({ name }) => SECOND_STAGE.test(baseName(name)));
  if (shim === undefined || lost.length === 0) return null;
  return {
    what: `shim ran and asked ${lost[0]!.to.address} for ${listed(lost.map(({ name }) => name))}, and that server does not have it.`,
    cure: `Put the file next to shim on ${lost[0]!.to.address}, with the name and in the folder that shim asks for. The station's image has it: is that server the station?`,
    by: [shim, ...lost],
  };
};

export const grubWrongServer: Rule = ({ attempt }) => {
  const loads = loadsOf(attempt);
  const grub = wholeOf(loads, GRUB);
  const config = loads.find((load) => baseName(load.name).startsWith("grub.cfg") && load.at >= (grub?.at ?? 0));
  if (grub === undefined || config === undefined || config.to.address === grub.to.address) return null;
  if (loads.some((load) => load.to.address === grub.to.address && baseName(load.name) === "grub.cfg")) return null;
  return {
    what: `GRUB came from ${grub.to.address} but asks ${config.to.address} for its script (${config.name}): it uses the DHCP server as boot server, and stops at its prompt.`,
    cure: "This GRUB (2.06 or older) ignores proxyDHCP. Serve the image's own GRUB (2.12 or newer), or set next-server at the DHCP server to the station during the rescue.",
    by: [grub, config],
  };
};

export const grubWithoutScript: Rule = (scene) => {
  const lost = missing(scene).filter(({ name }) => baseName(name) === "grub.cfg");
  if (lost.length === 0 || grubWrongServer(scene) !== null) return null;
  return {
    what: `GRUB asked ${lost[0]!.to.address} for its script (${lost[0]!.name}), and that server does not have it: the device shows the prompt "grub>".`,
    cure: "The station gives the script only to a device whose boot exchange it saw in the last half hour. Switch the device off and network-boot it again. If it happens again: is that server the station?",
    by: lost,
  };
};

export const httpBootNotFound: Rule = ({ attempt }) => {
  const loads = loadsOf(attempt);
  const [first] = loads;
  if (attempt.over !== "http" || first === undefined || loads.some(isWhole)) return null;
  const lost = loads.filter((load) => load.over === "http" && load.code === 404);
  if (lost.length === 0) return null;
  return {
    what: `The firmware asked for http://${first.to.address}${first.name}, the URL from its DHCP answer, and got 404: the file does not exist.`,
    cure: "Does the URL in the DHCP answer (option 67) name a file that this server has? A station also answers 404 if it has not seen the device's own boot exchange: boot the device again.",
    by: lost,
  };
};

export const fileNotServed: Rule = (scene) => {
  const explained = [secondStageMissing, grubWrongServer, grubWithoutScript, httpBootNotFound].some(
    (rule) => rule(scene) !== null,
  );
  const lost = missing(scene);
  if (explained || lost.length === 0) return null;
  return {
    what: `The device asked ${listed(lost.map(({ to }) => to.address))} for ${listed(lost.map(({ name }) => name))}, and that server does not have it.`,
    cure: "Does the server have the file with exactly the name in the DHCP answer (folder, capital letters)? If the server is the station: check the image (breakglass image verify).",
    by: lost,
  };
};

export const httpRefused: Rule = (scene) => {
  const refused = loadsOf(scene.attempt).filter(
    (load) => load.over === "http" && load.code !== null && load.code >= 400 && load.code !== 404,
  );
  if (refused.length === 0) return null;
  const [load] = refused as [LoadSeen];
  return {
    what: `The web server at ${load.to.address} answered ${load.method} ${load.name} with ${load.code} ${load.message}.`,
    cure:
      load.code! >= 500
        ? "Look at that server's log."
        : "That server requires a login or does not allow this request. Boot files must be available without a login, also for HEAD (UEFI asks HEAD first).",
    by: refused,
  };
};

export const kernelWithoutInitrd: Rule = (scene) => {
  const loads = loadsOf(scene.attempt);
  const kernel = wholeOf(loads, KERNEL);
  if (kernel === undefined || last(loads, INITRD) !== undefined || handshakesOf(scene.attempt).length > 0) return null;
  if (!quiet(scene, latest(loads), 3 * NEXT_STEP_MS)) return null;
  return {
    what: `The device loaded the whole kernel (${kernel.name}) but never asked for the recovery image (initrd).`,
    cure: 'The loader did not accept the kernel: look at the screen. "bad shim signature": kernel and shim come from different vendors; build the image again and serve it unmodified. "out of memory": the device needs 1 GB.',
    by: [kernel],
  };
};

/** From here on the recovery image is what runs. */
function imageLoadedAt(attempt: Attempt): LoadSeen | null {
  const loads = loadsOf(attempt);
  const image = wholeOf(loads, INITRD);
  return image === undefined ? null : (loads.findLast(isWhole) ?? image);
}

export const agentNeverCalled: Rule = (scene) => {
  const { attempt } = scene;
  const image = imageLoadedAt(attempt);
  if (image === null || attempt.windows || handshakesOf(attempt).length > 0) return null;
  if (attempt.seen.some((each) => each.what === "closed" && each.at >= image.at)) return null;
  const own = dhcpOf(attempt).filter(({ program }) => program === "recovery-image");
  if (!quiet(scene, Math.max(image.endedAt, attempt.lastAt), AGENT_MS)) return null;
  return {
    what: `The device loaded the whole recovery image, but its agent never called the station${own.length > 0 ? "; it asked for an address, so it runs" : ""}.`,
    cure:
      own.length > 0
        ? "It cannot reach the station: is the station's TCP port 443 open, and is the device in the same LAN? Its screen says what it waits for."
        : "The image did not start, or has no driver for this network card: look at the screen. If the image was built with --drivers minimal: build the fleet set. Otherwise rescue the device by hand in WinRE.",
    by: [image, ...own],
  };
};

/** RFC 8446 section 6.2: the alerts that speak of the certificate. */
const CERTIFICATE_ALERTS: ReadonlySet<number> = new Set([42, 43, 44, 45, 46, 48]);

export const agentRefused: Rule = ({ attempt }) => {
  const handshakes = handshakesOf(attempt);
  if (handshakes.some(({ ending }) => ending === "finished")) return null;
  const failed = handshakes.filter(({ ending }) => ending !== "cut");
  if (failed.length === 0) return null;
  const { to, by, alert, ending } = failed.at(-1)!;
  const certificate = by === "device" && (alert === null || CERTIFICATE_ALERTS.has(alert));
  const how =
    ending === "refused"
      ? `was aborted by ${by === "device" ? "the device" : to.address}${alert === null ? "" : ` (alert ${alert})`}`
      : "got no answer";
  return {
    what: `The agent called ${to.address} over TLS, and the handshake ${how}${certificate ? ": it does not accept that certificate" : ""}. ${timesSent(failed) > 1 ? `It tried ${timesSent(failed)} times. ` : ""}Nothing was released.`,
    cure: certificate
      ? "The station's certificate does not belong to the CA that came with this boot. Was the station's state folder changed while the device booted? Boot the device again. If it happens again, a machine between device and station may intercept the connection: halt the campaign."
      : "Is that address the station, with no proxy or TLS inspection in between? Boot the device again.",
    by: failed,
  };
};
