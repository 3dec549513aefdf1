import { type BootExchange, exchangeOf, hashOfToken } from "../boot/exchange.ts";
import { type ImageName, imageName } from "../boot/image-id.ts";
import type { Turn } from "../boot/queue.ts";
import { autoexecScript, grubScript, ipxeScript } from "../boot/script.ts";
import { sessionArchive, type Voucher } from "../boot/session-archive.ts";
import { BootFile, type BootSource } from "../boot/source.ts";
import { imageFor } from "../boot/table.ts";
import { grubWaitScript, ipxeWaitScript } from "../boot/waiting.ts";
import { admit, isListed } from "../campaign/campaign.ts";
import { isSettled, sessionOf } from "../rescue/session.ts";
import { servedName } from "../tftp/name.ts";
import type { Ipv4 } from "../wire/ipv4.ts";
import { Budget } from "./budget.ts";
import type { Desk } from "./desk.ts";
import type { LoadTurns } from "./load-turns.ts";

/** Boot tokens for one device at one address, in a minute; and how many such pairs. Each is a ledger entry. */
const TOKENS = { known: { perKey: 4, keys: 16_384 }, stranger: { perKey: 4, keys: 1024 } };
const TOKEN_BYTES = 32;

/** The image's files in memory, by the name they are served under. */
export type ImageFiles = ReadonlyMap<string, Uint8Array>;

interface BootFilesOptions {
  readonly desk: Desk;
  readonly images: ReadonlyMap<ImageName, ImageFiles>;
  /** An iPXE that the operator brought; empty if there is none. */
  readonly ownIpxe: ImageFiles;
  readonly source: BootSource;
  /** Who may load now. */
  readonly loads: LoadTurns;
  readonly stationUrl: string;
  readonly caPem: string;
  /** Milliseconds since 1970 UTC. */
  readonly now: () => number;
  readonly random: (length: number) => Buffer;
}

/**
 * What a boot file request from an address gets: the bytes of the image for the firmware that asked from there, this
 * boot's script, this boot's session archive; null for all else. An address that took part in no boot exchange gets
 * nothing at all.
 */
export class BootFiles {
  readonly #options: BootFilesOptions;
  readonly #tokens = { known: new Budget(TOKENS.known), stranger: new Budget(TOKENS.stranger) };

  constructor(options: BootFilesOptions) {
    this.#options = options;
  }

  /** The loaders and their scripts, for TFTP; in any case, where there is no other file of that name. */
  overTftp(name: string, from: Ipv4): Uint8Array | null {
    const exchange = this.#admitted(from);
    if (exchange === null) return null;
    const { images, ownIpxe } = this.#options;
    const image = imageFor(exchange.firmware);
    const ofImage = image === null ? [] : (images.get(imageName(image))?.keys() ?? []);
    const scripts = [BootFile.grubScript, BootFile.ipxeScript, BootFile.autoexec];
    const served = servedName(name, [...scripts, ...ownIpxe.keys(), ...ofImage]);
    return served === null ? null : this.#file(served, exchange, "GET");
  }

  /** All that, and the session, for HTTP. Asking for the session mints a boot token. */
  async overHttp(name: string, from: Ipv4, method: "GET" | "HEAD"): Promise<Uint8Array | null> {
    await this.#options.desk.catchUp();
    const exchange = this.#admitted(from);
    if (exchange === null) return null;
    if (name !== BootFile.session) return this.#file(name, exchange, method);
    if (method === "GET") return this.#mintSession({ by: "boot-exchange", device: exchange.device, address: from });
    // GRUB under HTTP Boot asks for a file's size first (HEAD); every session archive of a station has the same.
    return this.#archive({ by: "boot-exchange", device: exchange.device, address: from }, "0".repeat(2 * TOKEN_BYTES));
  }

  /** A file goes out to this address; call what comes back when that is over, `whole` if all of it went out. */
  sending(name: string, from: Ipv4): (whole: boolean) => void {
    const exchange = this.#options.desk.state.boots.exchanges.get(from);
    return exchange === undefined ? () => {} : this.#options.loads.sending(exchange.device, name);
  }

  #file(name: string, { device, firmware }: BootExchange, method: "GET" | "HEAD"): Uint8Array | null {
    const { images, ownIpxe, source, loads, desk } = this.#options;
    const image = imageFor(firmware);
    if (image === null) return null;
    const script = (write: (turn: Turn) => string) =>
      loads.script(device, isListed(desk.state.campaign, device), method, write);
    if (name === BootFile.grubScript)
      return script((turn) => (turn.turn ? grubScript(source, image.architecture) : grubWaitScript(turn)));
    if (name === BootFile.ipxeScript)
      return script((turn) => (turn.turn ? ipxeScript(source, image.architecture) : ipxeWaitScript(source, turn)));
    const own = ownIpxe.get(name);
    if (own !== undefined) return own;
    if (name === BootFile.autoexec && ownIpxe.size > 0) return new TextEncoder().encode(autoexecScript(source));
    return images.get(imageName(image))?.get(name) ?? null;
  }

  #admitted(from: Ipv4): BootExchange | null {
    const { desk, loads, now } = this.#options;
    const { state } = desk;
    const exchange = state.boots.exchanges.get(from);
    // A device may wait for its turn longer than an exchange is good for.
    if (exchange === undefined || (exchangeOf(state.boots, from, now()) === null && !loads.holds(exchange.device)))
      return null;
    const { device, uuid } = exchange;
    // Its exchange is over, and its address may be somebody else's by now.
    const session = sessionOf(state.sessions, device, uuid);
    if (session !== undefined && isSettled(session)) return null;
    return admit(state.campaign, { macs: [device], uuid }).admitted ? exchange : null;
  }

  async #mintSession(voucher: Extract<Voucher, { by: "boot-exchange" }>): Promise<Uint8Array | null> {
    const { device, address } = voucher;
    const { desk, now, random } = this.#options;
    const budget = this.#tokens[isListed(desk.state.campaign, device) ? "known" : "stranger"];
    if (!budget.take(`${device} ${address}`, now())) return null;
    const token = random(TOKEN_BYTES).toString("hex");
    const tokenHash = hashOfToken(token);
    const body = { type: "boot.token-minted", device, address, tokenHash } as const;
    await desk.record({ body, actor: "station", commandId: `mint:${tokenHash}` });
    return this.#archive(voucher, token);
  }

  #archive(voucher: Voucher, token: string): Uint8Array | null {
    const { stationUrl, caPem, now } = this.#options;
    const archive = sessionArchive({ voucher, stationUrl, caPem, token, now: now() });
    return typeof archive === "string" ? null : archive;
  }
}
