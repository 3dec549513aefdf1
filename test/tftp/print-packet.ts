import type { TftpPacket } from "../../src/tftp/packet.ts";

/** A packet as one line. */
export function printPacket(packet: TftpPacket): string {
  switch (packet.opcode) {
    case "RRQ":
    case "WRQ":
      return `${packet.opcode} ${JSON.stringify(packet.filename)} ${packet.mode}${printOptions(packet.options)}\n`;
    case "DATA":
      return `DATA ${packet.block}, ${packet.data.length} bytes\n`;
    case "ACK":
      return `ACK ${packet.block}\n`;
    case "ERROR":
      return `ERROR ${packet.code} ${JSON.stringify(packet.message)}\n`;
    case "OACK":
      return `OACK${printOptions(packet.options)}\n`;
  }
}

function printOptions(options: readonly (readonly [string, string])[]): string {
  return options.map(([name, value]) => ` ${name}=${value}`).join("");
}
