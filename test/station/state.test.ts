import fc from "fast-check";
import { expect, test } from "vitest";
import type { EntryBody, EntryType } from "../../src/ledger/events/event.ts";
import { FOLDS, foldStation, newStationState } from "../../src/station/state.ts";
import { EXAMPLES, entryOf } from "../ledger/event.ts";

const KINDS = Object.keys(EXAMPLES) as EntryType[];
/** Kinds before which others change nothing: a session has to be open before it can be reported. */
const OPENING: readonly EntryType[] = ["campaign.armed", "boot.offered", "session.opened", "key.released"];

/** A release by hand as the operator API brings it about: the one that more than a count is kept of. */
const bodyOf = (kind: EntryType): EntryBody =>
  kind === "key.released-by-hand" ? { ...EXAMPLES[kind], channel: "api" } : EXAMPLES[kind];

test("the table of kinds and parts keeps no entry from a part that takes it", () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...KINDS, ...OPENING), { maxLength: 60 }), (kinds) => {
      const [routed, everywhere] = [newStationState(), newStationState()];
      for (const [index, kind] of [...OPENING, ...kinds].entries()) {
        const entry = entryOf(bodyOf(kind), {
          commandId: `release-by-hand:${index}`,
          seq: index + 1,
          at: 1_721_360_000_000 + index * 1000,
        });
        foldStation(routed, entry);
        for (const fold of Object.values(FOLDS)) fold(everywhere, entry);
        everywhere.seq = entry.seq;
        expect(routed).toEqual(everywhere);
      }
    }),
    { numRuns: 300 },
  );
});
