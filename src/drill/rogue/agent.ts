import { randomBytes, randomUUID } from "node:crypto";
import { decodeAnswer, encodeRequest, type Hello } from "../../rescue/message.ts";
import { parseGuid } from "../../wire/guid.ts";
import { parseMac } from "../../wire/mac.ts";
import type { Attempt, RogueTarget } from "./attempt.ts";
import { askAsAgent, fetchToken } from "./http.ts";

const newSecret = () => randomBytes(32).toString("hex");

/** The answer's word and, where it has one, its reason: `refused token-used`. */
async function answerWord(target: RogueTarget, verb: string, secret: string, message: string): Promise<string> {
  try {
    const answer = decodeAnswer(await askAsAgent(target, verb, secret, message));
    return "reason" in answer ? `${answer.answer} ${answer.reason}` : answer.answer;
  } catch {
    return "no answer";
  }
}

/** A hello that claims a volume with the victim's own key protectors, under the attacker's name or the victim's. */
function claim(target: RogueTarget, token: string, as: "itself" | "the victim"): string {
  const { victim, mac } = target;
  const hello: Hello = {
    verb: "hello",
    token,
    pairing: "123-456",
    machine: {
      uuid: parseGuid(as === "itself" ? randomUUID() : victim.uuid),
      serial: as === "itself" ? "ROGUE" : victim.serial,
      vendor: "rogue",
      product: "rogue",
      macs: [parseMac(as === "itself" ? mac : victim.mac)],
    },
    secureBoot: "off",
    volumes: [{ volume: 1, path: "/dev/sda3", bytes: 1_000_000, kind: "bitlocker", state: "encrypted" }],
    protectors: victim.protectorIds.map((id) => ({ volume: 1, protectorId: parseGuid(id), type: "recovery-password" })),
  };
  return encodeRequest(hello);
}

const unlock = (volume: number) => encodeRequest({ verb: "unlock", volume, tried: [] });

export async function withoutHello(target: RogueTarget): Promise<Attempt> {
  const word = await answerWord(target, "unlock", newSecret(), unlock(1));
  const title = "a recovery password asked for without hello is refused";
  return { id: "T1-no-hello", title, blocked: word === "refused session-unknown", evidence: `answered: ${word}` };
}

export async function inventedToken(target: RogueTarget): Promise<Attempt> {
  const word = await answerWord(target, "hello", newSecret(), claim(target, newSecret(), "the victim"));
  const title = "a hello with an invented boot token is refused";
  return { id: "T1-invented-token", title, blocked: word === "refused token-unknown", evidence: `answered: ${word}` };
}

/**
 * With a boot token of its own, as any stranger can get one: it claims the victim's key protectors, then asks for a
 * volume it never listed, then uses the token again. An operator would have to match its pairing code first.
 */
export async function strangersSession(target: RogueTarget): Promise<Attempt[]> {
  const token = await fetchToken(target);
  if (token === null)
    return [
      {
        id: "T1-token",
        title: "the attacker gets a boot token of its own to try with",
        blocked: false,
        evidence: "no token",
      },
    ];
  const stolen = await answerWord(target, "hello", newSecret(), claim(target, token, "the victim"));
  const again = await fetchToken(target);
  const secret = newSecret();
  const hello = await answerWord(target, "hello", secret, claim(target, again ?? token, "itself"));
  const foreign = await answerWord(target, "unlock", secret, unlock(1));
  const unlisted = await answerWord(target, "unlock", secret, unlock(7));
  const replayed = await answerWord(target, "hello", newSecret(), claim(target, again ?? token, "itself"));
  const gained = (word: string) => word.startsWith("key");
  return [
    {
      id: "T1-as-the-victim",
      title: "its own boot token does not let it say hello as another device",
      blocked: stolen.startsWith("refused"),
      evidence: `answered: ${stolen}`,
    },
    {
      id: "T1-foreign-protector",
      title: "another device's key protector, listed in its own hello, gets no recovery password without an operator",
      blocked: !gained(foreign) && /^(wait|refused)/.test(foreign),
      evidence: `hello: ${hello}; unlock: ${foreign}`,
    },
    {
      id: "T1-unlisted-volume",
      title: "a volume it never listed gets no recovery password",
      blocked: !gained(unlisted) && /^(wait|refused)/.test(unlisted),
      evidence: `answered: ${unlisted}`,
    },
    {
      id: "T2-replayed-token",
      title: "a boot token that was used is refused to anybody else",
      blocked: replayed === "refused token-used",
      evidence: `answered: ${replayed}`,
    },
  ];
}
