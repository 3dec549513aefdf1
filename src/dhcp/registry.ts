/** The one home of DHCP's numbers. */

/** UDP ports: RFC 2131 section 4.1; 4011 is PXE 2.1's boot server port. */
export const Port = { server: 67, client: 68, bootServer: 4011 } as const;

/** RFC 2131 section 2, field `op`. */
export const Op = { bootRequest: 1, bootReply: 2 } as const;

/** RFC 1700 "Hardware Type": Ethernet, whose addresses have 6 bytes. */
export const ETHERNET = { htype: 1, hlen: 6 } as const;

/** IANA "Hardware Types": InfiniBand, whose senders leave `chaddr` empty (RFC 4390). */
export const INFINIBAND = { htype: 32 } as const;

/** RFC 2131 section 2, figure 2: the sender cannot receive unicast before it has an address. */
export const BROADCAST_FLAG = 0x8000;

/** RFC 2132 section 9.6. */
export const MessageType = {
  discover: 1,
  offer: 2,
  request: 3,
  decline: 4,
  ack: 5,
  nak: 6,
  release: 7,
  inform: 8,
} as const;

/** RFC 2132, RFC 3004 (77), RFC 3046 (82), RFC 4578 (93, 94, 97); 175 is Etherboot's, which iPXE fills. */
export const OptionCode = {
  pad: 0,
  subnetMask: 1,
  router: 3,
  hostName: 12,
  vendorSpecificInformation: 43,
  requestedIpAddress: 50,
  ipAddressLeaseTime: 51,
  optionOverload: 52,
  dhcpMessageType: 53,
  serverIdentifier: 54,
  parameterRequestList: 55,
  vendorClassIdentifier: 60,
  clientIdentifier: 61,
  tftpServerName: 66,
  bootfileName: 67,
  userClass: 77,
  relayAgentInformation: 82,
  clientSystemArchitecture: 93,
  clientNetworkInterfaceIdentifier: 94,
  clientMachineIdentifier: 97,
  etherboot: 175,
  end: 255,
} as const;

/** RFC 2132 section 9.3: which of the fields `file` and `sname` hold options instead. */
export const Overload = { file: 1, sname: 2, both: 3 } as const;

/**
 * IANA "Processor Architecture Types" (RFC 5970), values of option 93. RFC 4578 printed 7 and 9 the other way round from
 * what firmware came to send: x64 machines send either.
 */
export const Architecture = {
  biosX86: 0,
  uefiX86: 6,
  uefiX64: 7,
  uefiEbc: 9,
  uefiArm32: 10,
  uefiArm64: 11,
  uefiX86Http: 15,
  uefiX64Http: 16,
  uefiArm64Http: 19,
} as const;

/** IANA "Processor Architecture Types" by their names, of those that firmware may send and that are no row of ours. */
export const ARCHITECTURE_NAMES: ReadonlyMap<number, string> = new Map([
  [1, "NEC PC-98"],
  [2, "Itanium UEFI"],
  [3, "DEC Alpha"],
  [4, "Arc x86"],
  [5, "Intel Lean Client"],
  [6, "32-bit UEFI (x86)"],
  [8, "XScale UEFI"],
  [10, "ARM 32-bit UEFI"],
  [12, "PowerPC Open Firmware"],
  [13, "PowerPC ePAPR"],
  [14, "POWER OPAL v3"],
  [15, "32-bit UEFI (x86) over HTTP"],
  [17, "EFI byte code over HTTP"],
  [18, "ARM 32-bit UEFI over HTTP"],
  [20, "legacy BIOS over HTTP"],
  [21, "ARM 32-bit U-Boot"],
  [22, "ARM 64-bit U-Boot"],
  [23, "ARM 32-bit U-Boot over HTTP"],
  [24, "ARM 64-bit U-Boot over HTTP"],
  [25, "RISC-V 32-bit UEFI"],
  [26, "RISC-V 32-bit UEFI over HTTP"],
  [27, "RISC-V 64-bit UEFI"],
  [28, "RISC-V 64-bit UEFI over HTTP"],
  [29, "RISC-V 128-bit UEFI"],
  [30, "RISC-V 128-bit UEFI over HTTP"],
  [31, "s390 basic"],
  [32, "s390 extended"],
  [33, "MIPS 32-bit UEFI"],
  [34, "MIPS 64-bit UEFI"],
  [35, "Sunway 32-bit UEFI"],
  [36, "Sunway 64-bit UEFI"],
  [37, "LoongArch 32-bit UEFI"],
  [38, "LoongArch 32-bit UEFI over HTTP"],
  [39, "LoongArch 64-bit UEFI"],
  [40, "LoongArch 64-bit UEFI over HTTP"],
  [41, "Raspberry Pi boot ROM (ARM rpiboot)"],
]);
