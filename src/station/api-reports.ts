import type { z } from "zod";
import type { coverageAnswer, rotationAnswer } from "../api/schema.ts";
import { looksLikePassword } from "../bitlocker/password-text.ts";
import { coverageNow } from "../escrow/coverage/check-coverage.ts";
import { findingText } from "../escrow/coverage/finding.ts";
import { nameOf } from "../escrow/rotation.ts";
import { rotationDue } from "../escrow/rotation-due.ts";
import { type ListedDevice, readDeviceList } from "../fleet/device-list.ts";
import { MalformedError } from "../wire/malformed.ts";
import type { ApiOptions, Outcome } from "./api-answers.ts";
import type { VaultCounts } from "./vault-counts.ts";

type CoverageAnswer = z.infer<typeof coverageAnswer>;

/** The operator API's long answers: each goes through the whole vault or ledger, and opens nothing. */
export class ApiReports {
  readonly #options: ApiOptions;
  readonly #counts: VaultCounts;

  constructor(options: ApiOptions, counts: VaultCounts) {
    this.#options = options;
    this.#counts = counts;
  }

  async rotation(): Promise<Outcome<z.infer<typeof rotationAnswer>>> {
    const due = await rotationDue(this.#options.ledger, this.#options.vault);
    const list = due.map((each) => {
      const { device, protectorId, depositId, by, why, releases, releasedAt, deposit } = each;
      return {
        ...{ deviceName: nameOf(each), device, protectorId, depositId },
        ...{ deviceId: deposit?.deviceId ?? null, directory: deposit?.directory ?? null },
        ...{ releasedAt: iso(releasedAt), by, why, releases },
      };
    });
    return { answer: { due: due.length, list }, noted: { due: due.length } };
  }

  /** Of the inventory of the campaign, armed or halted. */
  async coverage(): Promise<Outcome<CoverageAnswer>> {
    const { campaign } = this.#options.desk.state;
    if (campaign.is === "none" || campaign.campaign.devices.length === 0) return { problem: "no-inventory" };
    const none = {
      deviceId: null,
      site: null,
      ring: null,
      model: null,
      build: null,
      bmc: null,
      bmcKind: null,
      faults: [],
    };
    const inventory = campaign.campaign.devices.map((device, index) => ({ ...device, ...none, line: index + 1 }));
    return this.#covered(campaign.campaign.campaign, inventory);
  }

  /** Of an inventory that was sent. */
  async coverageOf(sent: Uint8Array): Promise<Outcome<CoverageAnswer>> {
    try {
      return await this.#covered(null, readDeviceList(sent, "lenient"));
    } catch (error) {
      if (!(error instanceof MalformedError)) throw error;
      if (looksLikePassword(error.what)) return { problem: "looks-like-password" };
      return { problem: "malformed", detail: `the inventory: ${error.what}` };
    }
  }

  async #covered(campaign: string | null, inventory: readonly ListedDevice[]): Promise<Outcome<CoverageAnswer>> {
    const { ledger, vault, now, mostDeposits = null } = this.#options;
    if (mostDeposits !== null && this.#counts.now().deposits > mostDeposits) return { problem: "vault-too-large" };
    const report = await coverageNow(ledger, vault, { inventory, now: now(), maxAgeDays: null });
    const { devices, covered, doubtful, missing, findings, list } = report;
    const told = findings
      .filter((each) => each.devices > 0)
      .map(({ is, devices: count }) => {
        const { title, next } = findingText(is);
        return { is, devices: count, title, next };
      });
    const answer = {
      ...{ campaign, time: iso(now()), devices, covered, doubtful, missing },
      percentCovered: Math.floor((1000 * covered) / devices) / 10,
      ...{ vault: { ...report.vault }, findings: told },
      list: list.map((device) => ({ ...device, lines: [...device.lines], findings: [...device.findings] })),
    };
    return { answer, noted: { devices, covered } };
  }
}

const iso = (at: number) => new Date(at).toISOString();
