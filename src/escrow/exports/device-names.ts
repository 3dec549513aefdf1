import { type Database, type Statement, scratchDatabase } from "../../ledger/store-file.ts";
import type { DeviceOfId } from "../deposit.ts";

/** Devices per transaction of the vault. */
const BATCH = 1000;

/**
 * The device names that come with an import. A directory's list of devices may stand before or after its recovery
 * passwords, so names wait here until the end. It holds no secret.
 */
export class DeviceNames {
  #db: Database | null = null;
  #insert: Statement | null = null;

  add({ deviceId, deviceName }: DeviceOfId): void {
    if (this.#db === null) {
      this.#db = scratchDatabase(
        "CREATE TABLE device (deviceId TEXT PRIMARY KEY, deviceName TEXT NOT NULL) STRICT, WITHOUT ROWID; BEGIN",
      );
      this.#insert = this.#db.prepare("INSERT OR REPLACE INTO device VALUES (?, ?)");
    }
    this.#insert!.run(deviceId, deviceName);
  }

  /** All of them, some at a time. */
  *batches(): Generator<DeviceOfId[]> {
    if (this.#db === null) return;
    let batch: DeviceOfId[] = [];
    for (const { deviceId, deviceName } of this.#db.prepare("SELECT deviceId, deviceName FROM device").iterate()) {
      batch.push({ deviceId: String(deviceId), deviceName: String(deviceName) });
      if (batch.length < BATCH) continue;
      yield batch;
      batch = [];
    }
    if (batch.length > 0) yield batch;
  }

  close(): void {
    this.#db?.close();
    this.#db = this.#insert = null;
  }
}
