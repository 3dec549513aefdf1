import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { NewEntry } from "../../src/ledger/entry.ts";
import type { RawBody } from "../../src/ledger/events/event.ts";
import { CommandReused, type Ledger, Receipt } from "../../src/ledger/ledger.ts";
import { verifyLedger } from "../../src/ledger/verify.ts";
import { Secret } from "../../src/wire/secret.ts";
import { event } from "./event.ts";

/** A store to be tried: one ledger, opened as often as asked. */
export interface TriedStore {
  /** One more connection to the same ledger, made if there is none, as another process would have it. */
  open(clock: () => number): Promise<Ledger>;
  /** Appends an entry that a later version would write: the chain holds, the body is anything. */
  appendAsLaterVersion(body: RawBody): Promise<unknown>;
  /** After all its connections were closed. */
  remove(): void;
}

const fact = (commandId: string, body: NewEntry["body"] = event("station.started")): NewEntry => ({
  actor: "station",
  commandId,
  body,
});

/** What every store has to do, whatever keeps its entries. */
export function storeContract(name: string, make: () => TriedStore): void {
  describe(`a ledger in ${name}`, () => {
    const own = { now: 0 };
    let store: TriedStore;
    const opened: Ledger[] = [];
    beforeEach(() => {
      own.now = 1_721_360_000_000;
      store = make();
    });
    afterEach(async () => {
      for (const ledger of opened.splice(0)) await ledger.close();
      store.remove();
    });
    async function open(): Promise<Ledger> {
      const ledger = await store.open(() => own.now);
      opened.push(ledger);
      return ledger;
    }

    test("an append gives a receipt for an entry that a second connection can read", async () => {
      const ledger = await open();
      const receipt = await ledger.append(fact("one"));
      const entries = await (await open()).read(0);
      expect(receipt).toMatchObject({ seq: 1, repeated: false, body: { type: "station.started" } });
      expect(entries).toMatchObject([
        { seq: 1, hash: receipt.hash, at: own.now, station: "laptop-1", epoch: 1, generation: 0 },
      ]);
    });

    test("the same command twice is one entry and the receipt of the first time", async () => {
      const ledger = await open();
      const [first, second] = await Promise.all([ledger.append(fact("one")), ledger.append(fact("one"))]);
      own.now += 5_000;
      const third = await ledger.append(fact("one"));
      expect([second, third]).toMatchObject([
        { seq: 1, hash: first.hash, repeated: true },
        { seq: 1, hash: first.hash, repeated: true },
      ]);
      expect(await ledger.read(0)).toHaveLength(1);
    });

    test("a used command ID with other content is refused loudly and spoils nobody else's append", async () => {
      const ledger = await open();
      await ledger.append(fact("one"));
      const [reused, other] = await Promise.allSettled([
        ledger.append(fact("one", event("vault.sealed"))),
        ledger.append(fact("two")),
      ]);
      expect(reused).toMatchObject({ status: "rejected", reason: expect.any(CommandReused) });
      expect(other).toMatchObject({ status: "fulfilled", value: { seq: 2 } });
    });

    test("a decision made on an older head is stale-view and writes nothing", async () => {
      const ledger = await open();
      const { seq } = await ledger.head();
      const [won, lost] = await Promise.all([ledger.appendIfHead(fact("a"), seq), ledger.appendIfHead(fact("b"), seq)]);
      expect(won).toMatchObject({ seq: 1 });
      expect(lost).toBe("stale-view");
      expect(await ledger.read(0)).toHaveLength(1);
    });

    test("ledger time never goes back though the station's clock does", async () => {
      const ledger = await open();
      await ledger.append(fact("one"));
      own.now -= 3_600_000;
      await ledger.append(fact("two"));
      const [one, two] = await ledger.read(0);
      expect(two).toMatchObject({ at: one!.at, stationAt: one!.stationAt - 3_600_000 });
    });

    test("read gives entries above a sequence number, in order, at most as many as asked", async () => {
      const ledger = await open();
      await Promise.all(["a", "b", "c", "d"].map((id) => ledger.append(fact(id))));
      expect((await ledger.read(1, 2)).map(({ seq }) => seq)).toEqual([2, 3]);
      expect((await ledger.read(0)).map(({ commandId }) => commandId)).toEqual(["a", "b", "c", "d"]);
    });

    test("without a generation an entry goes on with the last one's", async () => {
      const ledger = await open();
      await ledger.append({ ...fact("armed"), generation: 3 });
      await ledger.append(fact("then"));
      expect((await ledger.read(1))[0]!.generation).toBe(3);
    });

    test.each([
      ["a fraction", { n: 0.5 }],
      ["a Secret", { n: new Secret("461109") as never }],
      ["half a surrogate pair", { n: "\ud800" }],
      ["undefined", { n: undefined as never }],
      ["a key outside ASCII", { é: 1 }],
    ])("%s does not go into the ledger", async (_what, document) => {
      const ledger = await open();
      await expect(ledger.append(fact("one", event("campaign.armed", { document })))).rejects.toThrow(TypeError);
      expect(await ledger.head()).toMatchObject({ seq: 0 });
    });

    test("a look-alike is not a receipt", async () => {
      const real = await (await open()).append(fact("one"));
      expect(Receipt.is(real)).toBe(true);
      for (const fake of [{ ...real }, Object.create(Receipt.prototype), null, "receipt"])
        expect(Receipt.is(fake)).toBe(false);
    });

    test("a body that reading would refuse is not appended", async () => {
      const ledger = await open();
      const { attempt: _attempt, ...short } = event("key.released");
      const bodies = [short, { ...event("vault.sealed"), ring: 1 }, { type: "ring.promoted" }] as NewEntry["body"][];
      for (const body of bodies) await expect(ledger.append(fact("one", body))).rejects.toThrow(TypeError);
      expect(await ledger.head()).toMatchObject({ seq: 0 });
    });

    test("an entry of a later version is refused by number and kind where entries are folded, and read as it stands", async () => {
      const ledger = await open();
      await ledger.append(fact("one"));
      await store.appendAsLaterVersion({ type: "ring.promoted", ring: 2 });
      await expect(ledger.read(0)).rejects.toMatchObject({
        fault: "not-understood",
        message: expect.stringContaining('entry 2: "ring.promoted" is no kind that this version knows'),
      });
      expect(await ledger.read(0, 1)).toHaveLength(1);
      expect((await ledger.readRaw(0)).map(({ body }) => body.type)).toEqual(["station.started", "ring.promoted"]);
      expect(await verifyLedger(ledger)).toMatchObject({ holds: true, entries: 2 });
      expect(await ledger.append(fact("three"))).toMatchObject({ seq: 3 });
    });

    test("commands that begin alike are found, in order", async () => {
      const ledger = await open();
      for (const id of ["arm:2", "halt:1", "arm:1", "armchair"]) await ledger.append(fact(id));
      expect((await ledger.commandsBeginning("arm:")).map(({ commandId }) => commandId)).toEqual(["arm:2", "arm:1"]);
    });

    test("who watches is told of entries, its own and another connection's, until it stops watching", async () => {
      const [ledger, other] = [await open(), await open()];
      let [told, look] = [0, () => {}];
      const stop = ledger.watch(
        () => {
          told += 1;
        },
        (tick) => {
          look = tick;
          return () => {
            look = () => {};
          };
        },
      );
      look();
      expect(told).toBe(0);
      await ledger.append(fact("own"));
      expect(told).toBe(1);
      await other.append(fact("another's"));
      look();
      expect(told).toBe(2);
      look();
      expect(told).toBe(2);
      stop();
      await ledger.append(fact("later"));
      await other.append(fact("latest"));
      look();
      expect(told).toBe(2);
    });

    test("a store that was not touched finds nothing wrong with itself", async () => {
      expect(await (await open()).integrity()).toEqual([]);
    });
  });
}
