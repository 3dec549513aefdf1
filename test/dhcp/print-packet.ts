import type { DhcpPacket } from "../../src/dhcp/packet.ts";

/** A packet as text, one field or option a line, in the order of the RFCs. */
export function printPacket({ options, damaged = [], ...header }: DhcpPacket): string {
  const { other, ...named } = options;
  const lines = [
    ...Object.entries(header).map(([name, value]) => `${name} ${printValue(value)}`),
    ...Object.entries(named).map(([name, value]) => `  ${name} ${printValue(value)}`),
    ...[...(other ?? [])].map(([code, bytes]) => `  option ${code} ${printValue(bytes)}`),
    ...damaged.map(({ code, what }) => `damaged ${code}: ${what}`),
  ];
  return `${lines.join("\n")}\n`;
}

function printValue(value: unknown): string {
  if (value instanceof Uint8Array) return Buffer.from(value).toString("hex") || "(empty)";
  if (typeof value === "string") return /^[0-9.]+$/.test(value) ? value : JSON.stringify(value);
  return Array.isArray(value) ? value.join(" ") : String(value);
}
