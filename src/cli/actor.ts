import { userInfo } from "node:os";

/** Who is at the keyboard, as the ledger names actors. */
export function operatorActor(): string {
  return `operator:${userInfo().username}`;
}
