import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Answer, Request } from "../../src/rescue/message.ts";
import { decodeRequest, encodeAnswer } from "../../src/rescue/message.ts";
import { stationTls } from "../../src/server/tls.ts";
import { type CpioEntry, encodeCpio } from "../../src/wire/cpio.ts";
import type { Ipv4 } from "../../src/wire/ipv4.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
/** Where QEMU's user-mode network shows this machine to the guest. */
const STATION_ADDRESS = "10.0.2.2" as Ipv4;
export const DEVICE_MAC = "52:54:00:be:ef:01";
export const TOKEN = "5a".repeat(32);

/** What a station that exists only for this test answers; null drops the connection. */
export type Answers = (request: Request, count: number) => Answer | null;

export interface AgentRun {
  readonly requests: readonly Request[];
  /** Everything on the serial console. */
  readonly serial: string;
  /** The bearer secrets that were used, each once. */
  readonly secrets: ReadonlySet<string>;
  readonly rebooted: boolean;
}

/**
 * Boots the recovery image's kernel with today's agent in QEMU (no firmware, no boot chain: those are proven
 * elsewhere), with the disk given, against a station made of `answers`. Ends at the device's reset, or when the agent
 * has said what is next.
 */
export async function runAgent(image: string, disk: string, answers: Answers, timeout = 400_000): Promise<AgentRun> {
  const folder = mkdtempSync(join(tmpdir(), "breakglass-agent-lab-"));
  const tls = await stationTls(
    { certificate: join(folder, "ca.pem"), privateKey: join(folder, "ca.key") },
    STATION_ADDRESS,
    Date.now(),
  );
  const requests: Request[] = [];
  const secrets = new Set<string>();
  const counts = new Map<string, number>();
  const server = createServer({ key: tls.privateKeyPem, cert: tls.certificatePem }, (incoming, outgoing) => {
    const chunks: Buffer[] = [];
    incoming.on("data", (chunk: Buffer) => chunks.push(chunk));
    incoming.on("end", () => {
      const request = decodeRequest(Buffer.concat(chunks).toString("utf8"));
      if (incoming.url !== `/agent/v1/${request.verb}`) throw new Error(`asked ${incoming.url} with ${request.verb}`);
      requests.push(request);
      secrets.add(incoming.headers.authorization ?? "none");
      const count = (counts.get(request.verb) ?? 0) + 1;
      counts.set(request.verb, count);
      const answer = answers(request, count);
      if (answer === null) incoming.socket.destroy();
      else outgoing.setHeader("Content-Type", "text/plain").end(encodeAnswer(answer));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  try {
    const initrd = join(folder, "initrd");
    const overlay = encodeCpio(overlayEntries(port, tls.caPem));
    writeFileSync(initrd, Buffer.concat([readFileSync(join(image, "initrd")), overlay]));
    const serial = await boot(image, initrd, disk, timeout);
    return { requests, serial: serial.text, secrets, rebooted: serial.reset };
  } finally {
    server.closeAllConnections();
    server.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

function overlayEntries(port: number, caPem: string): CpioEntry[] {
  const file = (path: string, text: string, mode: number): CpioEntry => {
    return { kind: "file", path, mode, bytes: Buffer.from(text) };
  };
  const agent = join(ROOT, "pxe/agent");
  const scripts = readdirSync(agent).filter((name) => name === "init" || name.endsWith(".sh"));
  const session = `STATION=https://${STATION_ADDRESS}:${port}\nTOKEN=${TOKEN}\nTIME=${Math.floor(Date.now() / 1000)}\nDEVICE=${DEVICE_MAC}\n`;
  return [
    ...scripts.map((name) => {
      const text = readFileSync(join(agent, name), "utf8");
      // What the agent's programs complain about belongs to the test's output.
      const heard = text.replace(">/run/breakglass/log 2>&1", ">/dev/ttyS0 2>&1");
      return file(name === "init" ? "init" : `usr/lib/breakglass/${name}`, heard, 0o755);
    }),
    { kind: "directory", path: "etc/breakglass", mode: 0o755 },
    file("etc/breakglass/session", session, 0o600),
    file("etc/breakglass/station-ca.pem", caPem, 0o644),
  ];
}

function boot(image: string, initrd: string, disk: string, timeout: number): Promise<{ text: string; reset: boolean }> {
  const flags = [
    ...["-machine", "q35", "-accel", "tcg,thread=multi", "-cpu", "max", "-smp", "2", "-m", "1024"],
    ...["-display", "none", "-nodefaults", "-vga", "std", "-no-reboot", "-serial", "stdio"],
    ...["-kernel", join(image, "vmlinuz"), "-initrd", initrd, "-append", "console=ttyS0 quiet"],
    ...["-netdev", "user,id=lan,restrict=off", "-device", `virtio-net-pci,netdev=lan,mac=${DEVICE_MAC},romfile=`],
    ...["-drive", `if=none,id=disk,format=raw,file=${disk},cache=unsafe`, "-device", "nvme,drive=disk,serial=NVME1"],
    ...["-device", "virtio-rng-pci", "-uuid", "4c4c4544-0046-3510-8052-b4c04f564231"],
    ...["-smbios", "type=1,manufacturer=breakglass,product=crash-test device,serial=BG-0001"],
  ];
  return new Promise((resolve) => {
    const guest = spawn("qemu-system-x86_64", flags, { stdio: ["ignore", "pipe", "pipe"] });
    let text = "";
    let stopped = false;
    const stop = () => {
      stopped = true;
      guest.kill("SIGKILL");
    };
    const timer = setTimeout(stop, timeout);
    const hear = (chunk: Buffer) => {
      text += chunk.toString("latin1");
      // "next stay" is the agent's last word; after "next reboot" the reset ends the guest.
      if (/breakglass: (next stay|agent ended)/.test(text) && !stopped) setTimeout(stop, 300);
    };
    guest.stdout.on("data", hear);
    guest.stderr.on("data", hear);
    guest.on("close", () => {
      clearTimeout(timer);
      resolve({ text, reset: !stopped });
    });
  });
}

/** Programs that this machine lacks, for a test to skip by name. */
export function missingPrograms(...names: string[]): string[] {
  return names.filter((name) => spawnSync("sh", ["-c", `command -v ${name}`]).status !== 0);
}
