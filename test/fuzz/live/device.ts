import { createSocket } from "node:dgram";
import { get } from "node:http";
import { request } from "node:https";
import fc from "fast-check";
import { encodePacket } from "../../../src/dhcp/packet.ts";
import { BROADCAST_FLAG, ETHERNET, MessageType, Op } from "../../../src/dhcp/registry.ts";
import { encodeRequest } from "../../../src/rescue/message.ts";
import { ANY_ADDRESS, type Ipv4 } from "../../../src/wire/ipv4.ts";
import { macToBytes, parseMac } from "../../../src/wire/mac.ts";
import { download } from "../../attack/download.ts";
import { anyRequest } from "../../rescue/message-arbitrary.ts";

const STATION = "10.99.0.2";

/**
 * An honest device boots beside the flood: boot server on 4011, loader over TFTP, kernel over HTTP, a question over
 * TLS. Datagrams may be lost in a flood, and it asks again as firmware does. Rejects with what was not served.
 */
export async function bootHonestly(address: Ipv4): Promise<void> {
  await insist("the boot server", () => askBootServer(address));
  await insist("the loader", async () => {
    const loader = await download(69, address, "shimx64.efi", 10_000, STATION);
    if (loader.length !== 50_000) throw new Error(`${loader.length} bytes`);
  });
  await insist("the kernel", () => expectBytes(address, 50_000));
  await insist("the control plane", () => askControl(address));
}

async function insist(what: string, once: () => Promise<void>): Promise<void> {
  for (let tries = 1; ; tries++)
    try {
      await once();
      return;
    } catch (error) {
      if (tries === 4) throw new Error(`${what} did not serve an honest device: ${(error as Error).message}`);
    }
}

async function askBootServer(address: Ipv4): Promise<void> {
  const chaddr = new Uint8Array(16);
  chaddr.set(macToBytes(parseMac("52:54:00:00:00:01")));
  const options = {
    ...{ dhcpMessageType: MessageType.request, vendorClassIdentifier: "PXEClient:Arch:00007:UNDI:003000" },
    clientSystemArchitecture: [7],
  };
  const bytes = encodePacket({
    ...{ op: Op.bootRequest, ...ETHERNET, hops: 0, xid: 1, secs: 0, flags: BROADCAST_FLAG, sname: "", file: "" },
    ...{ ciaddr: address, yiaddr: ANY_ADDRESS, siaddr: ANY_ADDRESS, giaddr: ANY_ADDRESS, chaddr, options },
  });
  const socket = createSocket("udp4");
  try {
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error("no answer on port 4011")), 4000);
      socket.once("message", () => {
        clearTimeout(timer);
        resolve();
      });
      socket.bind(4011, address, () => socket.send(bytes, 4011, STATION));
    });
  } finally {
    socket.close();
  }
}

function expectBytes(localAddress: Ipv4, expected: number): Promise<void> {
  return new Promise((resolve, reject) => {
    get({ host: STATION, path: "/vmlinuz", localAddress, agent: false, timeout: 10_000 }, (response) => {
      let length = 0;
      response.on("data", (part) => {
        length += part.length;
      });
      response.on("end", () => (length === expected ? resolve() : reject(new Error(`${length} bytes`))));
    }).on("error", reject);
  });
}

const QUESTION = encodeRequest(fc.sample(anyRequest, { seed: 1, numRuns: 1 })[0]!);

function askControl(localAddress: Ipv4): Promise<void> {
  return new Promise((resolve, reject) => {
    const verb = QUESTION.split("\n", 1)[0]!.split("\t")[2];
    const headers = { "Content-Type": "text/plain", Authorization: `Bearer ${"5e".repeat(32)}` };
    const path = `/agent/v1/${verb}`;
    // The certificate is not what is tried here.
    const options = {
      host: STATION,
      path,
      method: "POST",
      headers,
      localAddress,
      agent: false,
      rejectUnauthorized: false,
    };
    request(options, (response) => {
      response.resume();
      if (response.statusCode === 200) resolve();
      else reject(new Error(`status ${response.statusCode}`));
    })
      .on("error", reject)
      .end(QUESTION);
  });
}
