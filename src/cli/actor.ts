import { userInfo } from "node:os";

/**
 * Who is at the keyboard, as the ledger names actors. Ports below 1024 take root, so whole teams work with sudo: the
 * person is who called it, and only root can say otherwise.
 */
export function operatorActor(): string {
  const { username, uid } = userInfo();
  const caller = process.env.SUDO_USER ?? "";
  return `operator:${uid === 0 && /^[a-z_][\w.-]*$/i.test(caller) ? caller : username}`;
}
