import type { Rule } from "./finding.ts";
import { ipv6Only, onlyHttps, sharedAdapter } from "./firmware.ts";
import { relapsed, twoAddresses } from "./history.ts";
import {
  addressTaken,
  infiniBand,
  leaseNotConfirmed,
  leaseNotTaken,
  leaseRefused,
  nobodyAnswered,
  noLease,
  noLoaderForArchitecture,
  otherVlan,
  relayNotEchoed,
  rogueLease,
} from "./lease.ts";
import {
  bootServerElsewhere,
  bootServerSilent,
  foreignBootFile,
  httpNotEchoed,
  loaderOfOtherFirmware,
  menuOffered,
  neverAskedBootServer,
  noBootFile,
  siteSaysPxe,
  twoBootServers,
} from "./offer.ts";
import {
  agentNeverCalled,
  agentRefused,
  fileNotServed,
  grubWithoutScript,
  grubWrongServer,
  httpBootNotFound,
  httpRefused,
  kernelWithoutInitrd,
  loaderDidNothing,
  loaderRejected,
  secondStageMissing,
  secondStageRejected,
} from "./program.ts";
import {
  answeredFromElsewhere,
  blockRollover,
  blockSizeRefused,
  everyBlockTwice,
  lossyNetwork,
  negotiationAborted,
  optionsRefused,
  portClosed,
  smallerMtu,
  tftpUnanswered,
  transferAborted,
  transferStalled,
  windowSizeIgnored,
} from "./transfer.ts";

/** Every failure that is known, by its reason word, in the order in which a boot comes to it. */
export const RULES = {
  "ipv6-only": ipv6Only,
  "nobody-answered": nobodyAnswered,
  "offer-ignored-no-lease": noLease,
  "lease-not-taken": leaseNotTaken,
  "lease-refused": leaseRefused,
  "lease-not-confirmed": leaseNotConfirmed,
  "address-taken": addressTaken,
  "rogue-lease": rogueLease,
  "relay-option-82-lost": relayNotEchoed,
  "no-loader-for-architecture": noLoaderForArchitecture,
  infiniband: infiniBand,
  "other-vlan": otherVlan,
  "no-boot-file": noBootFile,
  "http-client-not-echoed": httpNotEchoed,
  "http-only-https": onlyHttps,
  "offer-with-option-43": menuOffered,
  "never-asked-4011": neverAskedBootServer,
  "site-says-pxeclient": siteSaysPxe,
  "4011-unanswered": bootServerSilent,
  "two-boot-servers": twoBootServers,
  "foreign-boot-file": foreignBootFile,
  "next-server-elsewhere": bootServerElsewhere,
  "loader-of-other-firmware": loaderOfOtherFirmware,
  "tftp-unanswered": tftpUnanswered,
  "port-closed": portClosed,
  "answer-from-elsewhere": answeredFromElsewhere,
  "options-refused": optionsRefused,
  "negotiation-aborted": negotiationAborted,
  "path-mtu-smaller": smallerMtu,
  "transfer-stalled": transferStalled,
  "block-rollover": blockRollover,
  "transfer-aborted": transferAborted,
  "file-not-served": fileNotServed,
  "http-boot-404": httpBootNotFound,
  "http-refused": httpRefused,
  "loader-rejected": loaderRejected,
  "loader-did-nothing": loaderDidNothing,
  "second-stage-missing": secondStageMissing,
  "second-stage-rejected": secondStageRejected,
  "grub-wrong-server": grubWrongServer,
  "grub-without-script": grubWithoutScript,
  "kernel-without-initrd": kernelWithoutInitrd,
  "agent-never-called": agentNeverCalled,
  "agent-tls-refused": agentRefused,
  "two-addresses": twoAddresses,
  "shared-adapter": sharedAdapter,
  relapsed,
  // What only makes a boot slow stands below what ends it.
  "every-block-twice": everyBlockTwice,
  "lossy-network": lossyNetwork,
  "blksize-refused": blockSizeRefused,
  "windowsize-ignored": windowSizeIgnored,
} as const satisfies Readonly<Record<string, Rule>>;

export type Reason = keyof typeof RULES;
export const REASONS = Object.keys(RULES) as Reason[];

/**
 * What the station cannot know (it does not hear what others send to the device alone), or tells in its own words
 * already: why it keeps silent, two addresses, a relapse.
 */
export const NOT_FOR_THE_STATION: ReadonlySet<Reason> = new Set([
  "nobody-answered",
  "lease-not-confirmed",
  "no-boot-file",
  "http-client-not-echoed",
  "http-only-https",
  "shared-adapter",
  "two-addresses",
  "relapsed",
]);
