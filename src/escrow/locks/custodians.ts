import { identityToRecipient } from "age-encryption";
import { combine, split } from "shamir-secret-sharing";
import { Secret } from "../../wire/secret.ts";
import { isShare, keyFromBytes, parseShare, type Share } from "./share.ts";

/** A set of shares, as the vault knows it. */
export interface CustodianSet {
  readonly setId: string;
  /** So many open the vault. */
  readonly threshold: number;
  readonly shares: number;
}

/** More custodians than this are hard to find on a bad morning, and cards hard to keep track of. */
export const MOST_SHARES = 32;

/** The part of a vault's ID that a card shows. */
function shortVaultId(vaultId: string): string {
  return vaultId.slice(0, 8).toUpperCase();
}

/** The custodians' public recipient, and their key as shares; `random` gives unguessable bytes. */
export async function splitKey(
  vaultId: string,
  { setId, threshold, shares }: CustodianSet,
  random: (length: number) => Uint8Array,
): Promise<{ readonly recipient: string; readonly cards: readonly Share[] }> {
  // The library knows plain arrays alone, and a Buffer is another class.
  const key = Uint8Array.from(random(32));
  const recipient = await identityToRecipient(keyFromBytes(key).reveal());
  const values = await split(key, shares, threshold);
  key.fill(0);
  const label = { vault: shortVaultId(vaultId), setId, threshold, shares };
  return {
    recipient,
    cards: values.map((value, index) => ({ ...label, number: index + 1, value: new Secret(value) })),
  };
}

/** The custodians' key, an age identity, from `threshold` shares of one set; another one, if they are too few or forged. */
export async function combineShares(shares: readonly Share[]): Promise<Secret<string>> {
  const key = await combine(shares.map(({ value }) => Uint8Array.from(value.reveal())));
  const identity = keyFromBytes(key);
  key.fill(0);
  return identity;
}

/** Why a share is not taken. */
export type ShareRefusal =
  | "not-a-share"
  | "mistyped-share"
  | "share-of-another-vault"
  | "share-of-another-set"
  | "share-given-already";

/** Collects shares of one set, in any order, until they are enough. */
export class ShareTray {
  readonly #vault: string;
  readonly #set: CustodianSet;
  readonly #taken = new Map<number, Share>();

  constructor(vaultId: string, set: CustodianSet) {
    this.#vault = shortVaultId(vaultId);
    this.#set = set;
  }

  /** How many are still needed. */
  get missing(): number {
    return this.#set.threshold - this.#taken.size;
  }

  /** Those taken so far, in the order of their numbers. */
  get shares(): readonly Share[] {
    return [...this.#taken.values()].sort((one, other) => one.number - other.number);
  }

  take(text: string): { readonly taken: number } | { readonly refuse: ShareRefusal; readonly detail: string } {
    const share = parseShare(text);
    if (!isShare(share)) return share;
    const { vault, setId, number } = share;
    if (vault !== this.#vault)
      return { refuse: "share-of-another-vault", detail: `it opens vault ${vault}, and this is vault ${this.#vault}` };
    if (setId !== this.#set.setId)
      return {
        refuse: "share-of-another-set",
        detail: `it is of set ${setId}, and set ${this.#set.setId} opens this vault now`,
      };
    if (this.#taken.has(number)) return { refuse: "share-given-already", detail: `share ${number} was given already` };
    this.#taken.set(number, share);
    return { taken: number };
  }
}
