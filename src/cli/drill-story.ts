import { Story } from "../drill/report/story.ts";

/** A drill's story on this terminal; with `json` on standard error, as standard output is for the report. */
export function storyOf({ json }: { readonly json: boolean }): Story {
  const out = json ? process.stderr : process.stdout;
  return new Story({
    write: (text) => out.write(text),
    terminal: out.isTTY === true && process.env.NO_COLOR === undefined,
    now: Date.now,
  });
}
