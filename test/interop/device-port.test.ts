import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import { afterEach, describe, expect, it } from "vitest";
import type { DevicePort, DevicePortOptions } from "../../src/server/device-port.ts";
import { DgramPort } from "../../src/server/dgram-port.ts";
import { AT_ONCE, openKernelPort } from "../../src/server/platform/linux-port.ts";
import { parseIpv4 } from "../../src/wire/ipv4.ts";

const LOOPBACK = parseIpv4("127.0.0.1");
const open: { close(): void }[] = [];
afterEach(() => {
  for (const each of open.splice(0)) each.close();
});

async function device(): Promise<Socket> {
  const socket = createSocket("udp4");
  open.push(socket);
  socket.bind(0, LOOPBACK);
  await once(socket, "listening");
  return socket;
}

describe.each([
  ["by the kernel's own calls", (options: DevicePortOptions) => openKernelPort(options)],
  ["by node:dgram", (options: DevicePortOptions) => new DgramPort(options) !== null],
])("a port of one device, %s", (_, openPort) => {
  function connected(to: Socket, cutAt: number | null = null) {
    const heard: string[] = [];
    const errors: string[] = [];
    return new Promise<{ port: DevicePort; heard: string[]; errors: string[] }>((resolve) => {
      const opened = openPort({
        ...{ address: LOOPBACK, to: { address: LOOPBACK, port: to.address().port }, cutAt },
        onOpen: (port) => {
          open.push({ close: () => port.close() });
          resolve({ port, heard, errors });
        },
        onMessage: (bytes) => heard.push(Buffer.from(bytes).toString()),
        onError: (code) => errors.push(heard.length === 0 ? code : `${code} after ${heard}`),
      });
      expect(opened).toBe(true);
    });
  }

  const until = async (done: () => boolean) => {
    for (let tries = 0; !done() && tries < 200; tries++) await new Promise((resolve) => setTimeout(resolve, 10));
    expect(done()).toBe(true);
  };

  it("carries what each says to the other, of several devices at once", async () => {
    const devices = await Promise.all([device(), device(), device()]);
    const ports = await Promise.all(devices.map((each) => connected(each)));
    for (const [index, each] of devices.entries())
      each.on("message", (bytes, { port, address }) => each.send(`${index} had ${bytes}`, port, address));
    for (let round = 0; round < 20; round++) for (const { port } of ports) port.send(Buffer.from(`block ${round}`), 7);
    await until(() => ports.every(({ heard }) => heard.length === 20));
    expect(ports.map(({ heard }) => heard[0])).toEqual([0, 1, 2].map((index) => `${index} had block 0`));
  });

  it("sends what is longer than agreed as datagrams of the size agreed, or one by one", async () => {
    const to = await device();
    const lengths: number[] = [];
    to.on("message", ({ length }) => lengths.push(length));
    const { port } = await connected(to, 100);
    if (port.most > 1) port.send(Buffer.alloc(250), 250);
    else for (const length of [100, 100, 50]) port.send(Buffer.alloc(length), length);
    await until(() => lengths.length === 3);
    expect(lengths).toEqual([100, 100, 50]);
  });

  it("T16 leaves the rest of the station its turn, however much comes in at once", async () => {
    const devices = await Promise.all(Array.from({ length: 16 }, device));
    const ports = await Promise.all(devices.map((each) => connected(each)));
    const where = devices.map((each) => once(each, "message"));
    for (const { port } of ports) port.send(Buffer.from("where"), 5);
    const remotes = (await Promise.all(where)).map(([, remote]) => remote);
    const all = () => ports.reduce((sum, { heard }) => sum + heard.length, 0);
    let [before, most, over] = [0, 0, false];
    const turn = () => {
      most = Math.max(most, all() - before);
      before = all();
      if (!over) setImmediate(turn);
    };
    for (let round = 0; round < 200; round++)
      for (const [index, { port, address }] of remotes.entries()) devices[index]!.send("flood", port, address);
    turn();
    await until(() => all() === 3200);
    over = true;
    // What is taken in one go, and what Node itself takes from each socket.
    expect(most).toBeLessThanOrEqual(AT_ONCE + 16 + 16 * 33);
  });

  it("hears nobody but its device", async () => {
    const [own, other] = [await device(), await device()];
    const { port, heard } = await connected(own);
    const from = once(own, "message");
    port.send(Buffer.from("where"), 5);
    const [, remote] = await from;
    other.send("me too", remote.port, remote.address);
    own.send("here", remote.port, remote.address);
    await until(() => heard.length > 0);
    expect(heard).toEqual(["here"]);
  });

  it("T12 is closed again where no way leads to the device, whose address was made up", async () => {
    const sockets = () => process.getActiveResourcesInfo().filter((name) => /udp/i.test(name)).length;
    await until(() => sockets() === 0);
    // From loopback there is no way to any other network; the kernel says so at connect.
    const to = { address: parseIpv4("203.0.113.5"), port: 2000 };
    const code = await new Promise<string>((onError) =>
      openPort({ address: LOOPBACK, to, cutAt: null, onOpen: () => {}, onMessage: () => {}, onError }),
    );
    expect(code).toMatch(/^E/);
    await until(() => sockets() === 0);
  });

  it("says when nothing listens at the device's port", async () => {
    const gone = await device();
    const { port, errors } = await connected(gone);
    open.splice(0, 1);
    await new Promise<void>((resolve) => gone.close(() => resolve()));
    port.send(Buffer.from("hello"), 5);
    await until(() => errors.length > 0);
    expect(errors[0]).toBe("ECONNREFUSED");
  });

  it("gives out what the device said before its port closed, and says after that that it is closed", async () => {
    const to = createSocket("udp4");
    to.bind(0, LOOPBACK);
    await once(to, "listening");
    const { port, errors } = await connected(to);
    const first = once(to, "message");
    port.send(Buffer.from("where"), 5);
    const [, remote] = await first;
    to.connect(remote.port, remote.address);
    await once(to, "connect");
    // In one turn, so that nothing is read in between: the kernel then holds the message and the report that nothing listens.
    to.send("whole");
    to.close();
    port.send(Buffer.from("again"), 5);
    await until(() => errors.length > 0);
    expect(errors).toEqual(["ECONNREFUSED after whole"]);
  });
});
