import type { CoverageAbout } from "../../src/dashboard/coverage-page.ts";
import type { CoverageReport } from "../../src/escrow/coverage/coverage.ts";
import { required } from "../../src/escrow/coverage/required.ts";

export function aboutSample(report: CoverageReport): CoverageAbout {
  return {
    inventory: "devices-2026-q4.csv",
    inventorySha256: "9f2c4e0b7a61d3f85b0c6a9de1742f3388b5ce09a4d17f6e20cb35d8e96f1a47",
    vaultId: "6B1D2C3E-7F40-4A59-8C1B-2E3D4F5A6B7C",
    actor: "operator:m.keller",
    station: "rescue-01",
    version: "0.1.0",
    requirement: required(99_500, report),
    entry: { seq: 412, hash: "3ac1f7d95e20b8467c0f12a89d44be07e5138f6a9cb2704d1e63f05a87cd9b12" },
  };
}
