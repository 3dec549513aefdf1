import type { Ledger } from "../ledger/ledger.ts";
import { Desk } from "../station/desk.ts";
import type { Sealer } from "../station/sealer.ts";
import { LOOK_MS, type SealingOptions, startSealing } from "./station.ts";

/** A desk without a LAN: it looks at the ledger as a station does, and its vault is sealed by itself as a station's is. */
export async function sealedDesk(
  options: SealingOptions & {
    readonly ledger: Ledger;
    readonly onFault: (error: Error) => void;
  },
): Promise<{ readonly desk: Desk; close(): Promise<void> }> {
  const { ledger, onFault } = options;
  const closing: (() => Promise<void>)[] = [];
  let sealer: Sealer | null = null;
  const desk = new Desk(ledger, (entry) => sealer?.see(entry));
  sealer = await startSealing(options, desk, closing, onFault);
  await desk.catchUp();
  const looking = setInterval(() => desk.catchUp().catch(onFault), LOOK_MS);
  closing.push(async () => clearInterval(looking));
  return {
    desk,
    close: async () => {
      for (const each of closing.splice(0).reverse()) await each();
    },
  };
}
