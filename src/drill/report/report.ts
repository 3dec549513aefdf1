import { type DrillResult, percentile, rescueCount, verdict } from "./result.ts";

/**
 * Targets a drill is measured against (docs/benchmarks.md): seconds from power-on to file removed, bytes per device.
 * Debian's arm64 kernel is not compressed: 38 MB of it, where the x64 one has 12.
 */
export const TARGETS = { fileRemovedSeconds: 60, bytesToDevice: { x64: 40_000_000, arm64: 65_000_000 } } as const;

/** The target for the bytes of the largest device of a drill. */
export function bytesTarget({ scenarios }: Pick<DrillResult, "scenarios">): number {
  return Math.max(...scenarios.map(({ firmware }) => TARGETS.bytesToDevice[firmware.architecture]));
}

/**
 * `report.json`: the drill in the words that drill records ask for (DORA RTS 2024/1774 art. 25 and 26, NIST SP 800-84):
 * scenario, scope, objectives, expected and achieved outcome, times against their targets, deviations, evidence. The
 * same result gives the same bytes. `version` changes when a field changes its meaning.
 */
export function reportJson(drill: DrillResult): string {
  const devices = drill.scenarios.flatMap((scenario) => scenario.devices);
  const checks = drill.scenarios.flatMap(({ folder, checks }) =>
    checks.map((check) => ({ scenario: folder, ...check })),
  );
  const { rescued, expected } = rescueCount(drill.scenarios);
  const { passed, line } = verdict(drill.scenarios);
  const times = (pick: (typeof devices)[number]["times"][keyof (typeof devices)[number]["times"]][]) => {
    const seconds = pick.filter((each) => each !== null);
    return { p50: percentile(seconds, 50), p95: percentile(seconds, 95), max: percentile(seconds, 100) };
  };
  const outcomes: Record<string, number> = {};
  for (const { outcome } of devices) outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
  const report = {
    version: 2,
    passed,
    verdict: line,
    drillId: drill.drillId,
    kind: drill.kind,
    type: drill.type,
    startedAt: drill.startedAt,
    endedAt: drill.endedAt,
    operator: drill.operator,
    tool: drill.tool,
    lab: drill.lab,
    remedy: drill.remedy,
    images: drill.images,
    scope: {
      devices: devices.length,
      scenarios: unique(drill.scenarios.map(({ name }) => name)),
      firmwares: unique(drill.scenarios.map(({ firmware }) => firmware.name)),
      networks: unique(drill.scenarios.map(({ network }) => network.name)),
    },
    summary: {
      rescued,
      expectedToBeRescued: expected,
      outcomes,
      keysReleased: devices.reduce((sum, device) => sum + device.keyProtectorIdsReleased.length, 0),
      secondsToFileRemoved: { target: TARGETS.fileRemovedSeconds, ...times(devices.map((d) => d.times.fileRemoved)) },
      secondsToHealthy: times(devices.map((d) => d.times.healthy)),
      bytesToDevice: {
        target: bytesTarget(drill),
        max: percentile(
          devices.map((d) => d.bytesToDevice),
          100,
        ),
      },
    },
    deviations: checks.filter((check) => !check.passed),
    checks,
    scenarios: drill.scenarios,
  };
  return `${JSON.stringify(report, null, 2)}\n`;
}

function unique(names: readonly string[]): string[] {
  return [...new Set(names)];
}
