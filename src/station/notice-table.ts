import { MOST_ARRIVALS } from "../boot/arrivals.ts";
import type { ImageName } from "../boot/image-id.ts";
import { ANY_ADDRESS, type Ipv4 } from "../wire/ipv4.ts";

export type NoticeLevel = "info" | "warning" | "error";

/** Which budget of a minute a notice is told from; the others are told however often they come. */
export type NoticeShare = "device" | "finding" | "lease" | "unreadable" | "fault";

/** One kind of notice. `what` and `cure` begin with a small letter and end without a full stop: they are parts of a line. */
interface NoticeKind {
  readonly level: NoticeLevel;
  /** `once`: the same words are not told again while they are kept in mind. `each`: it is news each time. */
  readonly told: "once" | "each";
  readonly share?: NoticeShare;
  /** What happened. For a device it goes on after the device's name. */
  readonly what: (facts: never) => string;
  /** What to do about it; left out where nothing is to be done. */
  readonly cure?: (facts: never) => string;
}

interface Link {
  readonly name: string;
  readonly address: Ipv4;
}

interface OtherServer {
  readonly server: Ipv4;
  readonly how: string;
}

interface Failure {
  readonly message: string;
}

/** Everything a station tells an operator that no ledger entry says, by its reason word (docs/formats/notices.md). */
export const NOTICES = {
  "not-answered": {
    ...{ level: "warning", told: "once", share: "device" },
    what: ({ why }: { readonly why: string }) => `asks to boot from the network and gets no answer: ${why}`,
  },
  "shared-adapter": {
    ...{ level: "warning", told: "once", share: "device" },
    what: () => "is the network adapter or dock of several machines: another one boots through it now",
    cure: () =>
      "nothing, if you moved it; else compare the pairing code with the device's screen: somebody copies its MAC address",
  },
  "unproven-windows": {
    ...{ level: "warning", told: "once", share: "device" },
    what: ({ said, why }: { readonly said: string | null; readonly why: string }) =>
      `a Windows ${said === null ? "without a name" : `named ${said}`} asks for an address by it, and this confirms no rescue (${why})`,
    cure: () => "look whether the rescued device is back",
  },
  "no-image": {
    ...{ level: "error", told: "once", share: "device" },
    what: ({ firmware, image }: { readonly firmware: string; readonly image: ImageName }) =>
      `asks to boot from the network and gets no answer: its firmware (${firmware}) needs the ${image} image`,
    cure: ({ image }) =>
      `build it with 'breakglass image build --architecture ${image}', then serve it too with --image`,
  },
  "damaged-option": {
    ...{ level: "warning", told: "once", share: "device" },
    what: ({ options }: { readonly options: string }) =>
      `asks to boot from the network with DHCP options that cannot be read (${options}): only what these options say is lost`,
    cure: () => "update its firmware if it does not boot",
  },
  "unreadable-message": {
    ...{ level: "warning", told: "once", share: "unreadable" },
    what: ({ from }: { readonly from: Ipv4 }) =>
      `a message to the DHCP server cannot be read and gets no answer (from ${from === ANY_ADDRESS ? "a machine without an address" : from})`,
    cure: () => "if a device is missing, capture its boot and run 'breakglass explain' on the file",
  },
  "two-addresses": {
    ...{ level: "warning", told: "once", share: "device" },
    what: ({ one, other }: { readonly one: Ipv4; readonly other: Ipv4 }) =>
      `boots from two addresses, ${one} and ${other}: it may be two machines, one with a copied MAC. Each waits until its pairing code is confirmed`,
    cure: () => "read the pairing code off the device itself",
  },
  "many-arrivals": {
    ...{ level: "info", told: "once", share: "device" },
    what: () => `${MOST_ARRIVALS} devices fetch their loaders at the same time: others get no answer for some seconds`,
    cure: () => "leave them on, they ask again by themselves",
  },
  "loads-full": {
    ...{ level: "info", told: "each" },
    what: ({ loads }: { readonly loads: number }) =>
      `${loads} devices load the image at the same time; the others wait, and their screens say so (--loads)`,
  },
  "address-in-use": {
    ...{ level: "warning", told: "once", share: "lease" },
    what: ({ address }: { readonly address: Ipv4 }) =>
      `${address} is in use by another machine: no device gets it for an hour`,
  },
  "range-full": {
    ...{ level: "error", told: "once" },
    what: () => "all addresses of --dhcp-range are taken",
    cure: () => "start the station again with a wider range",
  },
  "leases-unheard": {
    ...{ level: "error", told: "each" },
    what: () => "no addresses are leased: the station cannot hear whether another DHCP server is there",
    cure: () => "stop what else uses UDP port 68 on this machine, and start the station again",
  },
  "other-dhcp-server": {
    ...{ level: "error", told: "once" },
    what: ({ server, how, name }: OtherServer & { readonly name: string }) =>
      `another DHCP server leases addresses on ${name}: ${server} (${how}). The station leases no more new addresses there and goes on beside it`,
    cure: () => "if it should not be there, unplug it and start the station again",
  },
  "other-boot-server": {
    ...{ level: "error", told: "once" },
    what: ({ server, how }: OtherServer) =>
      `another boot server answers on this network: ${server} (${how}). It can boot your devices into something else`,
    cure: () => "find it before you go on",
  },
  "watch-failed": {
    ...{ level: "error", told: "each" },
    what: ({ message }: Failure) => `cannot watch for other boot servers: ${message}`,
  },
  "too-much-traffic": {
    ...{ level: "warning", told: "each" },
    what: () =>
      "more comes in at once than can be explained: what goes wrong with single devices is not told for two minutes",
    cure: () => "explain a capture instead: breakglass explain --help",
  },
  "link-up": {
    ...{ level: "info", told: "each" },
    what: ({ name, address }: Link) => `${name} is up again with ${address}: the station goes on`,
  },
  "link-down": {
    ...{ level: "error", told: "each" },
    what: ({ name }: Link) => `${name} is down: no device can reach the station`,
    cure: () => "look at the cable and the switch",
  },
  "address-gone": {
    ...{ level: "error", told: "each" },
    what: ({ name, address }: Link) => `${name} no longer has the address ${address}: no device can reach the station`,
    cure: ({ name, address }) =>
      `give it back with the prefix length it had: ip address add ${address}/PREFIX dev ${name}`,
  },
  "small-receive-buffer": {
    ...{ level: "warning", told: "each" },
    what: ({ keeps }: { readonly keeps: number; readonly wanted: number }) =>
      `this machine keeps ${Math.floor(keeps / 1024)} KiB for what a socket has not read yet, which is too little for more than some hundred devices that ask at once`,
    cure: ({ wanted }) => `sysctl -w net.core.rmem_max=${wanted}, and start the station again`,
  },
  "out-of-sockets": {
    ...{ level: "error", told: "each", share: "fault" },
    what: ({ message }: Failure) => `this machine gives the station no more sockets (${message})`,
    cure: () => "raise `ulimit -n`, and start the station again",
  },
  fault: {
    ...{ level: "error", told: "each", share: "fault" },
    what: ({ message }: Failure) => `fault: ${message}`,
  },
  "output-lost": {
    ...{ level: "warning", told: "each" },
    what: ({ why }: { readonly why: string }) =>
      `what the station says can no longer be written to its terminal, pipe or file: ${why}. It goes on serving`,
    cure: () => "look at the log and at 'breakglass status'",
  },
  "output-back": {
    ...{ level: "info", told: "each" },
    what: ({ lines }: { readonly lines: number }) =>
      `what the station says can be written again; lines lost meanwhile: ${lines}`,
  },
  "log-lost": {
    ...{ level: "error", told: "each" },
    what: ({ folder, why }: { readonly folder: string; readonly why: string }) =>
      `the log in ${folder} cannot be written: ${why}. The station goes on serving`,
    cure: () => "make room there, or look at who owns the folder",
  },
  "log-back": {
    ...{ level: "info", told: "each" },
    what: ({ lines }: { readonly lines: number }) => `the log can be written again; lines lost meanwhile: ${lines}`,
  },
  "terminal-gone": {
    ...{ level: "warning", told: "each" },
    what: ({ pid }: { readonly pid: number }) =>
      `the terminal that the station was started in is gone (SIGHUP). It goes on serving as process ${pid}`,
    cure: ({ pid }) => `stop it with: kill -TERM ${pid}`,
  },
  "unseal-refused": {
    ...{ level: "warning", told: "each", share: "fault" },
    what: ({ answer }: { readonly answer: string }) =>
      `somebody who may enter the state folder tried to unseal the vault, and was refused: ${answer}`,
  },
  "unseal-unreachable": {
    ...{ level: "warning", told: "each" },
    what: ({ socket }: { readonly socket: string }) =>
      `breakglass escrow unseal cannot reach this station: ${socket} cannot be made`,
  },
  "sealed-idle": {
    ...{ level: "warning", told: "each" },
    what: () =>
      "the vault is SEALED: nothing was released for as long as --seal-after says; devices that need a key wait",
  },
  "sealed-by-halt": {
    ...{ level: "warning", told: "each" },
    what: () => "the vault is SEALED: the campaign was halted",
  },
  "unseal-here": { ...{ level: "info", told: "each" }, what: () => "Enter unseals the vault here" },
  "unseal-with": {
    ...{ level: "info", told: "each" },
    what: ({ state }: { readonly state: string }) =>
      `the vault is unsealed with: breakglass escrow unseal --state ${state}`,
  },
  "api-ready": {
    ...{ level: "info", told: "each" },
    what: ({ url, ca }: { readonly url: string; readonly ca: string }) =>
      `the operator API is at ${url}, known by the CA ${ca}. Who may use it: breakglass token list`,
  },
  "api-stopped": {
    ...{ level: "info", told: "each" },
    what: ({ counts }: { readonly counts: string }) => `the operator API has stopped: ${counts}`,
  },
  "checkpoint-made": {
    ...{ level: "info", told: "each" },
    what: ({ seq, hash }: { readonly seq: number; readonly hash: string }) =>
      `Ledger checkpoint, signed: ${seq}:${hash}`,
  },
  "checkpoint-not-made": {
    ...{ level: "error", told: "each" },
    what: ({ message }: Failure) => `No ledger checkpoint was made: ${message}`,
    cure: () => "make one when that is mended: breakglass ledger checkpoint",
  },
} as const satisfies Readonly<Record<string, NoticeKind>>;

export type NoticeReason = keyof typeof NOTICES;

/** What a kind of notice has to be told. */
export type NoticeFacts<R extends NoticeReason> = Parameters<(typeof NOTICES)[R]["what"]>;
