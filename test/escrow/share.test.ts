import { randomBytes } from "node:crypto";
import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import { type CustodianSet, combineShares, ShareTray, splitKey } from "../../src/escrow/locks/custodians.ts";
import { isShare, parseShare, type Share, shareText } from "../../src/escrow/locks/share.ts";
import { Secret } from "../../src/wire/secret.ts";

const VAULT = "3FD3ED41-1B77-4BA1-8A5C-7C3A2D3E4F50";
const SET: CustodianSet = { setId: "9F3A22C1", threshold: 3, shares: 5 };
const LETTERS = "QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L";
let cards: readonly Share[];
let texts: string[];
beforeAll(async () => {
  cards = (await splitKey(VAULT, SET, randomBytes)).cards;
  texts = cards.map((card) => shareText(card).reveal());
});

const someShare = fc.record({
  vault: fc.constant("3FD3ED41"),
  setId: fc.constant("9F3A22C1"),
  number: fc.integer({ min: 1, max: 5 }),
  threshold: fc.constant(3),
  shares: fc.constant(5),
  value: fc.uint8Array({ minLength: 33, maxLength: 33 }).map((bytes) => new Secret(bytes)),
});

function replaced(text: string, place: number, by: string): string {
  return `${text.slice(0, place)}${by}${text.slice(place + 1)}`;
}

describe("the text of a share", () => {
  test("is BG1 and thirteen groups of six characters, none of them easily taken for another", () => {
    for (const text of texts) expect(text).toMatch(/^BG1( [023-9AC-HJ-NP-Z]{6}){13}$/);
  });

  test("reads the same however it is typed", () => {
    fc.assert(
      fc.property(someShare, fc.constantFrom("", " ", "-", "\n", "–", "  "), fc.boolean(), (share, between, lower) => {
        const typed = shareText(share).reveal().replaceAll(" ", between);
        const found = parseShare(lower ? typed.toLowerCase() : typed) as Share;
        expect({ ...found, value: [...found.value.reveal()] }).toEqual({ ...share, value: [...share.value.reveal()] });
      }),
    );
  });

  test("with O for 0 and I or 1 for L is understood: those are never in a share", () => {
    const typed = texts[0]!.slice(4).replaceAll("0", "o").replaceAll("L", "1").replaceAll("8", "b");
    expect(parseShare(`bgI ${typed}`)).toMatchObject({ number: 1 });
  });

  test("with any single character mistyped is refused, and the group is named", () => {
    fc.assert(
      fc.property(someShare, fc.integer({ min: 0, max: 77 }), fc.constantFrom(...LETTERS), (share, at, letter) => {
        const bare = shareText(share).reveal().replaceAll(" ", "");
        fc.pre(bare[3 + at] !== letter);
        expect(parseShare(replaced(bare, 3 + at, letter))).toEqual({
          refuse: "mistyped-share",
          detail: `a character of group ${Math.floor(at / 6) + 1} after BG1 is wrong`,
        });
      }),
    );
  });

  test("with any two characters swapped, or up to four wrong, is refused", () => {
    const places = fc.uniqueArray(fc.tuple(fc.integer({ min: 3, max: 80 }), fc.constantFrom(...LETTERS)), {
      selector: ([place]) => place,
      minLength: 2,
      maxLength: 4,
    });
    fc.assert(
      fc.property(someShare, places, (share, wrong) => {
        const bare = shareText(share).reveal().replaceAll(" ", "");
        const [[one], [other]] = wrong as [[number, string], [number, string]];
        const swapped = replaced(replaced(bare, one, bare[other]!), other, bare[one]!);
        const changed = wrong.reduce((text, [place, letter]) => replaced(text, place, letter), bare);
        for (const text of [swapped, changed])
          if (text !== bare) expect(parseShare(text)).toMatchObject({ refuse: "mistyped-share" });
      }),
      { numRuns: 40 },
    );
  });

  test.each([
    ["", "not-a-share", /begin with BG1/],
    ["461109-608201-413820-485342-181588-463056-430617-501391", "not-a-share", /begin with BG1/],
    ["BG1 QQQQQQ", "not-a-share", /78 characters after BG1, and this one has 6/],
    [`BG1${"ü".repeat(78)}`, "not-a-share", /letters and digits alone/],
  ])("%j is no share", (text, refuse, detail) => {
    expect(parseShare(text)).toMatchObject({ refuse, detail: expect.stringMatching(detail) });
  });

  test("shows itself nowhere by accident", () => {
    const value = Buffer.from(cards[0]!.value.reveal()).toString("hex");
    expect(JSON.stringify(cards) + String(shareText(cards[0]!))).not.toContain(value.slice(0, 8));
  });
});

describe("a splitting", () => {
  test("any three of five shares, in any order, give the same key, and two give another", async () => {
    const key = (await combineShares(cards.slice(0, 3))).reveal();
    for (const some of [
      [4, 2, 0],
      [1, 3, 4],
      [3, 1, 2],
    ])
      expect((await combineShares(some.map((each) => cards[each]!))).reveal()).toBe(key);
    expect((await combineShares(cards.slice(0, 2))).reveal()).not.toBe(key);
  });

  test("is another one each time, even of the same key", async () => {
    const fixed = (length: number) => new Uint8Array(length).fill(7);
    const [one, other] = [await splitKey(VAULT, SET, fixed), await splitKey(VAULT, SET, fixed)];
    expect(one.recipient).toBe(other.recipient);
    expect(one.cards[0]!.value.reveal()).not.toEqual(other.cards[0]!.value.reveal());
  });
});

describe("a tray of shares", () => {
  test("takes them in any order and tells how many are missing", () => {
    const tray = new ShareTray(VAULT, SET);
    expect([tray.missing, tray.take(texts[4]!), tray.missing]).toEqual([3, { taken: 5 }, 2]);
    expect([tray.take(texts[0]!), tray.take(texts[2]!), tray.missing]).toEqual([{ taken: 1 }, { taken: 3 }, 0]);
    expect(tray.shares.map(({ number }) => number)).toEqual([1, 3, 5]);
  });

  test("refuses by name what is mistyped, given already, of another set, or of another vault", async () => {
    const tray = new ShareTray(VAULT, SET);
    tray.take(texts[0]!);
    const refusal = (text: string) => (tray.take(text) as { refuse: string }).refuse;
    expect(refusal(texts[0]!.toLowerCase())).toBe("share-given-already");
    const old = await splitKey(VAULT, { ...SET, setId: "00000001" }, randomBytes);
    const foreign = await splitKey("00000000-1B77-4BA1-8A5C-7C3A2D3E4F50", SET, randomBytes);
    expect(refusal(shareText(old.cards[1]!).reveal())).toBe("share-of-another-set");
    expect(refusal(shareText(foreign.cards[1]!).reveal())).toBe("share-of-another-vault");
    expect(refusal(replaced(texts[1]!, 20, texts[1]![20] === "Q" ? "P" : "Q"))).toBe("mistyped-share");
    expect(tray.missing).toBe(2);
  });

  test("every share reads as what its card says", () => {
    for (const [index, text] of texts.entries()) {
      const share = parseShare(text);
      expect(isShare(share) && { ...share, value: 0 }).toEqual({
        ...{ vault: "3FD3ED41", setId: "9F3A22C1", threshold: 3, shares: 5 },
        ...{ number: index + 1, value: 0 },
      });
    }
  });
});
