import { hashOfToken } from "../boot/exchange.ts";
import { admit, type Campaign } from "../campaign/campaign.ts";
import { RELEASE_CAPS, type ReleaseCaps } from "../escrow/release.ts";
import { releaseKey } from "../escrow/release-key.ts";
import { releasedIn } from "../escrow/released.ts";
import type { Vault } from "../escrow/vault.ts";
import type { Ledger } from "../ledger/ledger.ts";
import { StoreError } from "../ledger/store-error.ts";
import { compileRemedy } from "../remedy/plan.ts";
import { loadRemedy } from "../remedy/remedy.ts";
import {
  admissionOf,
  answerHello,
  answerPlan,
  answerReport,
  answerStage,
  type Decision,
  gate,
  heldOrRefused,
  type RescueView,
  refused,
  wait,
} from "../rescue/answer.ts";
import { type Answer, decodeRequest, encodeAnswer, type Hello, type Request, type Unlock } from "../rescue/message.ts";
import type { Reason } from "../rescue/message-words.ts";
import { SESSION_NOTES, type Session } from "../rescue/session.ts";
import type { Ipv4 } from "../wire/ipv4.ts";
import { MalformedError } from "../wire/malformed.ts";
import { Budget } from "./budget.ts";
import type { Desk } from "./desk.ts";
import type { StationState } from "./state.ts";

interface RescuerOptions {
  readonly desk: Desk;
  readonly ledger: Ledger;
  readonly vault: Vault;
  /** Milliseconds since 1970 UTC. */
  readonly now: () => number;
  readonly random: (length: number) => Buffer;
  readonly caps?: ReleaseCaps;
}

interface Caller {
  readonly secretHash: string;
  readonly address: Ipv4;
}

/** Refusals of one address that are entries, in a minute, and of how many addresses. The others are counted alone. */
const REFUSALS = { perKey: 20, keys: 64 };

/** Answers agents: reads the message, decides on the newest state, writes the decision down, then answers. */
export class Rescuer {
  readonly counters = { unwritten: 0 };
  readonly #options: RescuerOptions;
  readonly #refusals = new Budget(REFUSALS);

  constructor(options: RescuerOptions) {
    this.#options = options;
  }

  /** The answer to one message of the agent protocol; a message that is not one is refused whole. */
  async answer(verb: string, message: string, secret: string, address: Ipv4): Promise<string> {
    const caller = { secretHash: hashOfToken(secret), address };
    try {
      const request = decodeRequest(message);
      if (request.verb !== verb) return encodeAnswer(refused("malformed"));
      return encodeAnswer(await this.#answer(request, caller));
    } catch (error) {
      if (error instanceof MalformedError) return encodeAnswer(await this.#refuse("malformed", caller));
      if (error instanceof StoreError) return encodeAnswer(wait("ledger-unavailable"));
      throw error;
    }
  }

  async #answer(request: Request, caller: Caller): Promise<Answer> {
    if (request.verb === "hello") return this.#hello(request, caller);
    await this.#options.desk.catchUp();
    const session = this.#options.desk.state.sessions.bySecret.get(caller.secretHash);
    if (session === undefined) return this.#refuse("session-unknown", caller);
    switch (request.verb) {
      case "unlock":
        return this.#unlock(request, session);
      case "plan":
        return this.#decide((state) => this.#plan(state, session));
      case "stage":
        return this.#note(answerStage(session, request));
      case "report":
        return this.#decide(() => answerReport(session, request));
    }
  }

  #hello(hello: Hello, caller: Caller): Promise<Answer> {
    let written: boolean | null = null;
    return this.#decide((state) => {
      const asking = { ...caller, now: this.#options.now(), freshId: this.#freshId() };
      const decision = answerHello(viewOf(state), hello, asking);
      if (decision.answer.answer !== "refused") return decision;
      written ??= this.#isWritten(caller);
      return written ? decision : { ...decision, entries: [] };
    });
  }

  /** Asked again from the start whenever the ledger has moved on between the decision and its entry. */
  async #unlock(request: Unlock, session: Session): Promise<Answer> {
    const { desk, ledger, vault, caps = RELEASE_CAPS } = this.#options;
    for (;;) {
      const answer = await desk.alone(async () => {
        await desk.catchUp();
        const { state } = desk;
        const view = viewOf(state);
        if (gate(view, session) === "session-over") return "session-over";
        const admission = admissionOf(view, session);
        const armed = admission.admitted ? admission.campaign : null;
        return releaseKey({
          ledger,
          vault,
          headSeq: state.seq,
          quiet: session.notes >= SESSION_NOTES,
          question: {
            admission,
            session,
            volume: request.volume,
            tried: request.tried,
            deposits: [
              ...vault.candidates(session.protectors.map(({ protectorId }) => protectorId)),
              ...vault.ofDevice(admission.admitted ? admission.name : null, session.marks.serial ?? null),
            ],
            released: releasedIn(state.released, armed?.campaign ?? ""),
            caps: { ...caps, perMinute: armed?.releaseRate ?? caps.perMinute },
            sealed: vault.sealed,
            now: this.#options.now(),
          },
        });
      });
      if (answer === "stale-view") continue;
      if (answer === "session-over") return this.#decide(() => heldOrRefused(session, answer, this.#freshId()));
      await desk.catchUp();
      if ("released" in answer)
        return { answer: "key", volume: request.volume, protectorId: answer.protectorId, password: answer.released };
      if ("refuse" in answer) return refused(answer.refuse);
      const { wait: reason } = answer;
      if (reason === "ledger-unavailable") return wait(reason);
      return this.#decide(() => heldOrRefused(session, reason, this.#freshId()));
    }
  }

  #plan(state: StationState, session: Session): Decision {
    const reason = gate(viewOf(state), session);
    if (reason !== null) return heldOrRefused(session, reason, this.#freshId());
    const { campaign, hibernated, document } = (state.campaign as { campaign: Campaign }).campaign;
    const plan = compileRemedy(loadRemedy(JSON.stringify(document)), { campaign, hibernated });
    return answerPlan(session, plan);
  }

  /** Facts depend on no state, so they need not wait for decisions; those of many devices share one write to the disk. */
  async #note({ entries, answer }: Decision): Promise<Answer> {
    for (const entry of entries) await this.#options.desk.record(entry);
    return answer;
  }

  async #decide(propose: (state: StationState) => Decision): Promise<Answer> {
    const { value } = await this.#options.desk.decide((state) => {
      const { entries, answer } = propose(state);
      return { entries, value: answer };
    });
    return value;
  }

  async #refuse(reason: Reason, caller: Caller): Promise<Answer> {
    if (!this.#isWritten(caller)) return refused(reason);
    const { address } = caller;
    const body = { type: "session.refused", reason, address, device: null } as const;
    await this.#options.desk.record({ body, actor: "station", commandId: `refuse:${this.#freshId()}` });
    return refused(reason);
  }

  /** A refusal costs whoever is refused nothing, and the station a durable entry: a flood of them is only counted. */
  #isWritten({ address }: Caller): boolean {
    const written = this.#refusals.take(address, this.#options.now());
    if (!written) this.counters.unwritten += 1;
    return written;
  }

  #freshId(): string {
    return this.#options.random(6).toString("hex");
  }
}

/** The campaign decides who is admitted; the rescue takes its answer. */
function viewOf({ campaign, boots, sessions }: StationState): RescueView {
  return { boots, sessions, admit: (marks) => admit(campaign, marks) };
}
