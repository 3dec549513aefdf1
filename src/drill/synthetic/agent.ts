import { randomBytes, randomInt } from "node:crypto";
import { request } from "node:https";
import { type ConnectionOptions, connect, createSecureContext, type SecureContext } from "node:tls";
import { type Answer, decodeAnswer, encodeRequest, type Request, type StageMark } from "../../rescue/message.ts";
import type { Secret } from "../../wire/secret.ts";
import { BootFailed } from "./comparison.ts";
import type { SyntheticDevice } from "./device.ts";
import type { BootSession } from "./session.ts";

const ANSWER_MS = 30_000;
const LONGEST_PAUSE = 8000;
/** What the crash-test devices' bad channel file is like; no disk stands behind it here. */
const BAD_FILE = {
  path: "Windows/System32/drivers/CrowdStrike/C-00000291-00000000-00000032.sys",
  ...{ size: 42_003, sha256: "5".repeat(64), mtime: 1_721_362_260, header: "aaaaaaaa01002301" },
} as const;

/** The recovery image's agent, as far as the network sees it (docs/formats/agent-protocol.md). */
export class SyntheticAgent {
  readonly #device: SyntheticDevice;
  readonly #session: BootSession;
  readonly #secret = randomBytes(32).toString("hex");
  readonly #stages: StageMark[] = [];
  readonly #startedAt = performance.now();

  constructor(device: SyntheticDevice, session: BootSession) {
    this.#device = device;
    this.#session = session;
  }

  /** Opens a session. */
  async hello(): Promise<void> {
    const { mac, uuid, serial, protectorId } = this.#device;
    for (const stage of ["booted", "network", "hello"] as const) this.#mark(stage);
    await this.#ask({
      verb: "hello",
      token: this.#session.token,
      pairing: `${randomInt(100, 1000)}-${randomInt(100, 1000)}`,
      machine: { uuid, serial, vendor: "breakglass", product: "Synthetic", macs: [mac] },
      secureBoot: "on",
      volumes: [{ volume: 1, path: "/dev/nvme0n1p3", bytes: 511_000_000_000, kind: "bitlocker", state: "encrypted" }],
      protectors: [
        { volume: 1, protectorId, type: "tpm" },
        { volume: 1, protectorId, type: "recovery-password" },
      ],
    });
  }

  /** The recovery password of its volume, waited for as long as the station says. */
  async unlock(): Promise<Secret<string>> {
    await this.#stage("unlocking");
    const answer = await this.#ask({ verb: "unlock", volume: 1, tried: [] });
    if (answer.answer !== "key") throw new BootFailed(`unlock: answered ${answer.answer}`);
    return answer.password;
  }

  /** Its plan, the report that all of it was done, and the leave to reboot. */
  async repair(): Promise<void> {
    await this.#stage("mounted");
    const answer = await this.#ask({ verb: "plan" });
    if (answer.answer !== "plan") throw new BootFailed(`plan: answered ${answer.answer}`);
    for (const stage of ["removing", "verifying"] as const) await this.#stage(stage);
    const to = `${answer.plan.quarantineFolder}/${answer.plan.campaign}/1.sys`;
    const done = await this.#ask({
      verb: "report",
      outcome: "rescued",
      volumes: [
        {
          volume: 1,
          openedBy: "recovery-password",
          protectorId: this.#device.protectorId,
          ntfs: "clean",
          look: "windows",
        },
      ],
      files: [{ verdict: "bad", ...BAD_FILE }],
      actions: [{ action: "quarantined", to, ...BAD_FILE }],
      verified: [{ is: "absent", path: BAD_FILE.path }],
      stages: this.#stages,
    });
    if (done.answer !== "done" || done.next !== "reboot") throw new BootFailed("the station does not let it reboot");
    for (const stage of ["reported", "rebooting"] as const) await this.#stage(stage);
  }

  #mark(stage: StageMark["stage"]): StageMark {
    const mark = { stage, uptime: Math.round((performance.now() - this.#startedAt) / 10) };
    this.#stages.push(mark);
    return mark;
  }

  /** Once; nothing depends on it. */
  async #stage(stage: StageMark["stage"]): Promise<void> {
    await this.#post({ verb: "stage", ...this.#mark(stage) }).catch(() => null);
  }

  /** Until there is an answer that is not `wait`. */
  async #ask(message: Request): Promise<Exclude<Answer, { answer: "wait" | "refused" }>> {
    for (let pause = 1000; ; pause = Math.min(2 * pause, LONGEST_PAUSE)) {
      const answer = await this.#post(message).catch(() => null);
      if (answer?.answer === "refused") throw new BootFailed(`${message.verb}: refused, ${answer.reason}`);
      if (answer !== null && answer.answer !== "wait") return answer;
      await new Promise((resolve) => setTimeout(resolve, answer === null ? pause : answer.seconds * 1000));
    }
  }

  /** A connection of its own for each message, as curl makes one. */
  #post(message: Request): Promise<Answer> {
    const { station, caPem } = this.#session;
    const text = encodeRequest(message);
    return new Promise((resolve, reject) => {
      const { hostname: host, port } = new URL(station);
      const to = { host, port: Number(port || 443), secureContext: pinned(caPem) };
      const asked = request(`${station}/agent/v1/${message.verb}`, {
        method: "POST",
        timeout: ANSWER_MS,
        createConnection: () => connect({ ...to, localAddress: this.#device.address } as ConnectionOptions),
        headers: {
          Authorization: `Bearer ${this.#secret}`,
          ...{ "Content-Type": "text/plain", "Content-Length": Buffer.byteLength(text), Connection: "close" },
        },
      });
      asked.on("timeout", () => asked.destroy(new Error("no answer")));
      asked.on("error", reject);
      asked.on("response", (response) => {
        const parts: Buffer[] = [];
        response.on("data", (part: Buffer) => parts.push(part));
        response.on("error", reject);
        response.on("end", () => {
          try {
            resolve(decodeAnswer(Buffer.concat(parts).toString("utf8")));
          } catch (error) {
            reject(error as Error);
          }
        });
      });
      asked.end(text);
    });
  }
}

/** Every device of a station pins the same certificate authority; reading it anew for each would be the test's own cost. */
const contexts = new Map<string, SecureContext>();

function pinned(caPem: string): SecureContext {
  const known = contexts.get(caPem) ?? createSecureContext({ ca: caPem });
  contexts.set(caPem, known);
  return known;
}
