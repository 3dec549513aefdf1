import { storeFault } from "../ledger/store-fault.ts";
import type { Database, Row, Statement } from "../ledger/store-file.ts";
import { ExitCode, OperatorError } from "../wire/operator-error.ts";
import { VAULT } from "./vault-file.ts";

/** A vault's open file: questions of vault-file.ts prepared once, and whatever goes wrong with it as a StoreError. */
export class VaultStore {
  readonly #db: Database;
  readonly #path: string;
  readonly #prepared = new Map<string, Statement>();

  constructor(db: Database, path: string) {
    this.#db = db;
    this.#path = path;
  }

  sql(text: string): Statement {
    const known = this.#prepared.get(text) ?? this.#db.prepare(text);
    this.#prepared.set(text, known);
    return known;
  }

  get(text: string, ...values: string[]): Row | undefined {
    return this.rows(text, ...values)[0];
  }

  rows(text: string, ...values: string[]): Row[] {
    try {
      return this.sql(text).all(...values);
    } catch (error) {
      throw storeFault(error, VAULT.name, this.#path);
    }
  }

  /** All of it durable, or none. */
  transaction<T>(act: () => T): T {
    try {
      this.#db.exec("BEGIN IMMEDIATE");
      const result = act();
      this.#db.exec("COMMIT");
      return result;
    } catch (error) {
      if (this.#db.isTransaction) this.#db.exec("ROLLBACK");
      throw storeFault(error, VAULT.name, this.#path);
    }
  }

  damaged(what: string): OperatorError {
    return new OperatorError(
      `The vault ${this.#path} is damaged: ${what}.`,
      "See how far it goes (breakglass escrow verify), then go back to the last good copy (breakglass escrow restore FILE).",
      ExitCode.negative,
    );
  }

  close(): void {
    if (this.#db.isOpen) this.#db.close();
  }
}
