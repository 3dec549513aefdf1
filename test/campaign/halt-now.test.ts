import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { type HaltLedger, haltNow } from "../../src/campaign/halt-now.ts";
import type { Ledger } from "../../src/ledger/ledger.ts";
import { openLedger } from "../../src/ledger/open-ledger.ts";
import { event } from "../ledger/event.ts";

const folder = mkdtempSync(join(tmpdir(), "breakglass-halt-"));
let ledger: Ledger | null = null;
afterEach(async () => {
  await ledger?.close();
  ledger = null;
  rmSync(folder, { recursive: true, force: true });
});

async function armedAmong(entries: number): Promise<Ledger> {
  const opened = await openLedger(join(mkdtempSync(`${folder}-`), "ledger.sqlite"), {
    ...{ station: "test", clock: () => 1, create: true },
  });
  ledger = opened;
  await opened.append({ body: event("campaign.armed"), actor: "operator:a", commandId: "arm:c1" });
  const offered = event("boot.offered");
  await Promise.all(
    Array.from({ length: entries }, (_, index) =>
      opened.append({ body: offered, actor: "station", commandId: `offer:${index}` }),
    ),
  );
  return opened;
}

/** The ledger, and how many entries were read from it. */
function counted(of: Ledger): { readonly ledger: HaltLedger; read(): number } {
  let read = 0;
  const ledger: HaltLedger = {
    append: (entry) => of.append(entry),
    commandsBeginning: async (prefix) => {
      const found = await of.commandsBeginning(prefix);
      read += found.length;
      return found;
    },
  };
  return { ledger, read: () => read };
}

describe("a halt", () => {
  it("reads the one entry that armed the campaign, among 100,000", async () => {
    const { ledger, read } = counted(await armedAmong(100_000));
    const { campaign } = event("campaign.armed") as { readonly campaign: string };
    expect(await haltNow(ledger, "fire", "operator:a")).toEqual({ halted: campaign });
    expect(read()).toBe(1);
  }, 60_000);

  it("of a campaign that somebody else halted meanwhile gives that halt, not an error", async () => {
    const opened = await armedAmong(0);
    let first = true;
    const raced: HaltLedger = {
      commandsBeginning: (prefix) => opened.commandsBeginning(prefix),
      append: async (entry) => {
        if (first) await opened.append({ ...entry, actor: "operator:b" });
        first = false;
        return opened.append(entry);
      },
    };
    expect(await haltNow(raced, "fire", "operator:a")).toMatchObject({ nothing: { is: "halted" } });
  });

  it("has nothing to do where no campaign was ever armed", async () => {
    const none: HaltLedger = {
      append: () => Promise.reject(new Error("nothing is to be written")),
      commandsBeginning: async () => [],
    };
    expect(await haltNow(none, "fire", "operator:a")).toEqual({ nothing: { is: "none" } });
  });
});
