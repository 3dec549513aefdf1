import { createSocket } from "node:dgram";

/** RFC 8415 section 7.1 and 7.2: where whoever asks over DHCPv6 asks. */
const ALL_SERVERS = "ff02::1:2";
const SERVER_PORT = 547;

/**
 * Hears what is asked over DHCPv6 on an interface, and answers nothing: firmware that asks over IPv6 alone is told of. Where
 * this machine has no IPv6, or another program the port, nothing is heard. Resolves when it listens, or cannot.
 */
export async function listenForDhcp6(
  on: string,
  onQuestion: (bytes: Uint8Array, from: { readonly address: string; readonly port: number }) => void,
): Promise<{ close(): void }> {
  const socket = createSocket({ type: "udp6", ipv6Only: true, reuseAddr: true });
  let isOpen = true;
  const close = () => {
    if (isOpen) socket.close();
    isOpen = false;
  };
  // With several interfaces each has a socket, and each socket hears all of them.
  const own = new RegExp(`%${on.replace(/[.+]/g, "\\$&")}$`);
  socket.on("message", (bytes, { address, port }) => {
    if (own.test(address)) onQuestion(bytes, { address, port });
  });
  await new Promise<void>((resolve) => {
    socket.on("error", () => {
      close();
      resolve();
    });
    socket.bind(SERVER_PORT, "::", () => {
      try {
        socket.addMembership(ALL_SERVERS, `::%${on}`);
      } catch {
        close();
      }
      resolve();
    });
  });
  return { close };
}
