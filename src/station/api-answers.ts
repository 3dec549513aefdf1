import type { z } from "zod";
import { releaseCommandId } from "../api/api-release.ts";
import type { ProblemReason } from "../api/problem.ts";
import type { LookupRequest, lookupAnswer, ReleaseRequest, releaseAnswer, statusAnswer } from "../api/schema.ts";
import type { OperatorToken } from "../api/token.ts";
import { holdsToken } from "../api/token-text.ts";
import { readBoard } from "../dashboard/board.ts";
import type { Deposit } from "../escrow/deposit.ts";
import { isGoodReason } from "../escrow/hand-release.ts";
import type { HandCaps } from "../escrow/released-by-hand.ts";
import type { Vault } from "../escrow/vault.ts";
import { bareName } from "../fleet/device-name.ts";
import type { InventoryDevice } from "../fleet/inventory.ts";
import type { BodyOf } from "../ledger/events/event.ts";
import { CommandReused, type Ledger } from "../ledger/ledger.ts";
import { parseGuid } from "../wire/guid.ts";
import { VERSION } from "../wire/version.ts";
import { releaseByHandAt } from "./by-hand.ts";
import type { Desk } from "./desk.ts";
import type { VaultCounts } from "./vault-counts.ts";

export interface ApiOptions {
  /** The station's name. */
  readonly name: string;
  readonly desk: Desk;
  readonly ledger: Ledger;
  readonly vault: Vault;
  /** Milliseconds since 1970 UTC. */
  readonly now: () => number;
  readonly caps?: HandCaps;
  /** Above so many deposits coverage is refused, because devices would wait meanwhile; null: nobody waits. */
  readonly mostDeposits?: number | null;
}

/** Why a call was not answered. */
export interface Refusal {
  readonly problem: ProblemReason;
  /** Of this very call; names nothing that was sent. */
  readonly detail?: string;
  /** Further members of the problem. */
  readonly extra?: object;
  /** Seconds. */
  readonly retryAfter?: number;
}

/** Fields of a call's entry in the ledger: counts and entries, nothing of the answer. */
export type Noted = Pick<BodyOf<"api.called">, "found" | "entry" | "due" | "devices" | "covered">;

/** What one call came to. */
export type Outcome<Answer = object> = { readonly answer: Answer; readonly noted: Noted } | Refusal;

const MOST_DEPOSITS = 1_000;

/** What the operator API answers, once it is clear who asks and that he may. Asked on the newest state of the ledger. */
export class ApiAnswers {
  readonly #options: ApiOptions;
  readonly #counts: VaultCounts;

  constructor(options: ApiOptions, counts: VaultCounts) {
    this.#options = options;
    this.#counts = counts;
  }

  async status(): Promise<Outcome<z.infer<typeof statusAnswer>>> {
    const { name, desk, ledger, vault, now } = this.#options;
    const { campaign } = desk.state;
    const head = await ledger.head();
    const armed = campaign.is === "none" ? null : campaign.campaign;
    const { deposits, protectors, devices, conflicts, lastDepositAt } = this.#counts.now();
    const { counts, devices: all } = readBoard(desk.state, now());
    const { confirmed, relapsed } = counts;
    const seen = all.filter(({ session }) => session !== null).length;
    return done({
      station: { name, version: VERSION, time: iso(now()) },
      campaign: {
        is: campaign.is,
        campaign: armed?.campaign ?? null,
        remedy: armed?.remedy ?? null,
        reason: campaign.is === "halted" ? campaign.reason : null,
        devices: armed?.devices.length ?? 0,
      },
      vault: {
        sealed: vault.sealed,
        ...{ deposits, protectors, devices },
        conflicts: conflicts.length,
        newestDepositAt: lastDepositAt === null ? null : iso(lastDepositAt),
        newestDepositAgeSeconds:
          lastDepositAt === null ? null : Math.max(0, Math.floor((now() - lastDepositAt) / 1000)),
      },
      devices: { seen, confirmed, relapsed, underWay: seen - confirmed - relapsed },
      ledger: { ledgerId: ledger.ledgerId, seq: head.seq, hash: head.hash },
    });
  }

  lookup(request: LookupRequest): Outcome<z.infer<typeof lookupAnswer>> {
    const { vault } = this.#options;
    const inventory = "serial" in request || "uuid" in request ? this.#inInventory(request) : [];
    const found =
      "protectorId" in request
        ? vault.find({ protectorId: parseGuid(request.protectorId) })
        : "first8" in request
          ? vault.find({ first8: request.first8.toUpperCase() })
          : "device" in request
            ? findNamed(vault, request.device)
            : inventory.flatMap(({ name }) => findNamed(vault, name));
    const answer = {
      found: found.length,
      deposits: found.slice(0, MOST_DEPOSITS).map(tell),
      inventory: inventory.map(({ name, serial, uuid }) => ({ name, serial, uuid })),
    };
    return { answer, noted: { found: found.length } };
  }

  async release(
    request: ReleaseRequest,
    token: OperatorToken,
    idempotencyKey: string,
  ): Promise<Outcome<z.infer<typeof releaseAnswer>>> {
    const { desk, ledger, vault, now, caps } = this.#options;
    const { reason, ticket = null, nth = 1 } = request;
    const commandId = releaseCommandId(token.tokenId, idempotencyKey);
    if (desk.state.apiReleases.has(commandId)) return this.#used(commandId);
    if ([reason, ticket].some((text) => text !== null && !mayBeWritten(text))) return { problem: "bad-reason" };
    const wanted = { protectorId: parseGuid(request.protectorId) };
    const named = vault.find(wanted)[nth - 1]?.deviceName ?? null;
    if (request.device !== undefined && named !== null && bareName(named) !== bareName(request.device))
      return { problem: "device-mismatch" };
    const actor = `operator:${token.name}`;
    const ask = { actor, channel: "api", reason, ticket, nth, duringHalt: false, commandId } as const;
    const answer = await releaseByHandAt({ desk, ledger, vault, wanted, ask, now, ...(caps && { caps }) }).catch(
      usedBefore,
    );
    if ("refuse" in answer) {
      if (answer.refuse === "command-used") return this.#used(commandId);
      if (answer.refuse !== "hand-cap") return { problem: answer.refuse };
      const detail = answer.cap === "actor" ? "of this token in an hour" : "of this key protector in a day";
      const until = Math.min(answer.until, now() + 86_400_000);
      const retryAfter = Math.max(1, Math.ceil((until - now()) / 1000));
      return { problem: "hand-cap", detail, extra: { until: iso(until) }, retryAfter };
    }
    const { deposit, passwords, receipt, released } = answer;
    const { protectorId, depositId, deviceName } = deposit;
    const { ledgerId, seq, hash } = receipt;
    return {
      answer: {
        recoveryPassword: released.reveal(),
        ...{ protectorId, depositId, deviceName, nth, passwords },
        receipt: { ledgerId, seq, hash },
      },
      noted: { entry: seq },
    };
  }

  /** Where the ledger has what this Idempotency-Key brought about. */
  async #used(commandId: string): Promise<Refusal> {
    const { desk } = this.#options;
    await desk.catchUp();
    return { problem: "command-used", extra: { receipt: desk.state.apiReleases.get(commandId) } };
  }

  #inInventory(request: { readonly serial: string } | { readonly uuid: string }): readonly InventoryDevice[] {
    const { campaign } = this.#options.desk.state;
    if (campaign.is === "none") return [];
    const { devices } = campaign.campaign;
    if ("serial" in request)
      return devices.filter(({ serial }) => serial?.toUpperCase() === request.serial.toUpperCase());
    const wanted = parseGuid(request.uuid);
    return devices.filter(({ uuid }) => uuid === wanted);
  }
}

/** The twin of a request, with the same Idempotency-Key and something else in it, was faster. */
function usedBefore(error: unknown): { readonly refuse: "command-used" } {
  if (error instanceof CommandReused) return { refuse: "command-used" };
  throw error;
}

/** With whatever domain, or none: exports write either. */
function findNamed(vault: Vault, name: string): Deposit[] {
  return vault.find({ bareName: bareName(name) });
}

/** A reason stands in the ledger and is shown on terminals: nothing that those would act on comes in from a script. */
function mayBeWritten(text: string): boolean {
  const acted = /[\u0000-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]/;
  return isGoodReason(text) && !holdsToken(text) && !acted.test(text);
}

function done<Answer>(answer: Answer): Outcome<Answer> {
  return { answer, noted: {} };
}

function tell(deposit: Deposit) {
  const { depositId, protectorId, deviceName, deviceId, directory, source, volumeType, createdAt, depositedAt } =
    deposit;
  return {
    ...{ depositId, protectorId, deviceName, deviceId, directory, source, volumeType },
    createdAt: createdAt === null ? null : iso(createdAt),
    depositedAt: iso(depositedAt),
  };
}

const iso = (at: number) => new Date(at).toISOString();
