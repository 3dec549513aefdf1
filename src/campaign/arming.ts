import { remedySha256 } from "../remedy/remedy.ts";
import type { Remedy } from "../remedy/schema.ts";
import type { Arming } from "./command.ts";

/** What is armed with this remedy. `name` is a day and a few hex digits that no other campaign of that day has. */
export function armingOf(
  remedy: Remedy,
  name: { readonly now: Date; readonly fresh: Uint8Array },
  choices: Pick<Required<Arming>, "unknown" | "hibernated" | "devices" | "releaseRate">,
): Arming {
  const campaign = `${name.now.toISOString().slice(0, 10)}-${Buffer.from(name.fresh).toString("hex")}`;
  const { id } = remedy;
  return { campaign, remedy: id, remedySha256: remedySha256(remedy), document: { ...remedy }, ...choices };
}
