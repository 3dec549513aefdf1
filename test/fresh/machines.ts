/** The fresh machines that the two commands are shown on. */
export interface Release {
  /** Debian's code name, as debootstrap takes it. */
  readonly suite: string;
  readonly version: number;
  /** From the npm registry where Debian's own Node is older than 20, as nodejs.org ships them; null: Debian's own. */
  readonly node: { readonly node: string; readonly npm: string } | null;
}

/** Debian 12 has Node 18. The newest Node 20 that npm has as a package, with the npm that such a Node ships. */
export const RELEASES: readonly Release[] = [
  { suite: "trixie", version: 13, node: null },
  { suite: "bookworm", version: 12, node: { node: "20.20.2", npm: "10.8.3" } },
];

export const ACCOUNTS = ["root", "user"] as const;
export type Account = (typeof ACCOUNTS)[number];

export const COMMANDS = ["start", "test"] as const;
export type Command = (typeof COMMANDS)[number];
