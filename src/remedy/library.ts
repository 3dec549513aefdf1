import channelFile291 from "../../remedies/channel-file-291.json" with { type: "json" };
import { loadRemedy } from "./remedy.ts";
import type { Remedy } from "./schema.ts";

/** The remedies that come with breakglass (the folder remedies/), by ID. Imported, so that a bundle carries them too. */
export const REMEDIES: ReadonlyMap<string, Remedy> = new Map(
  [channelFile291].map((document) => {
    const remedy = loadRemedy(JSON.stringify(document));
    return [remedy.id, remedy];
  }),
);
