/** What ours / the peer's has to come to; without a peer, what our own worst value has to. */
export interface Target {
  /** A server's name, or the best of all others. */
  readonly against?: string | "the best peer";
  readonly atLeast?: number;
  readonly atMost?: number;
}

/** One kind of work that servers do in turn, round by round. */
export interface Row {
  readonly id: string;
  /** Rows that `--only` picks together. */
  readonly group?: "escrow" | "start";
  readonly title: string;
  readonly unit: string;
  readonly better: "more" | "less";
  readonly rounds: number;
  readonly targets: readonly Target[];
  /** It does not hold, either, where one of ours is left unfinished. */
  readonly allFinish?: true;
}

export interface TftpRow extends Row {
  readonly load: {
    readonly devices: number;
    readonly mebibytes: 8 | 32;
    readonly windowSize: number;
    readonly lostPermille: number;
    /** After which what has come is counted, and what has not is unfinished. */
    readonly seconds: number;
  };
  readonly servers: readonly string[];
}

export const OURS = "breakglass";
const TFTP = [OURS, "tftpd-hpa", "dnsmasq", "atftpd", "npm tftp"];
const tftp = { unit: "MB/s", better: "more", rounds: 5, servers: TFTP } as const;
const load = { mebibytes: 8, windowSize: 16, lostPermille: 0, seconds: 15 } as const;

export const TFTP_ROWS: readonly TftpRow[] = [
  {
    ...{ ...tftp, id: "tftp-1-w16", title: "1 device, window size 16", load: { ...load, devices: 1, mebibytes: 32 } },
    targets: [
      { against: "tftpd-hpa", atLeast: 4 },
      { against: "dnsmasq", atLeast: 4 },
    ],
  },
  {
    ...{ ...tftp, id: "tftp-1-w64", title: "1 device, window size 64" },
    ...{ load: { ...load, devices: 1, mebibytes: 32, windowSize: 64 }, servers: [OURS, "atftpd", "npm tftp"] },
    targets: [{ against: "atftpd", atLeast: 1.4 }],
  },
  {
    ...{ ...tftp, id: "tftp-32-w16", title: "32 devices, window size 16", load: { ...load, devices: 32 } },
    targets: [
      { against: "tftpd-hpa", atLeast: 2.4 },
      { against: "dnsmasq", atLeast: 1.15 },
      { against: "atftpd", atLeast: 1.2 },
      { against: "npm tftp", atLeast: 1.6 },
    ],
  },
  {
    ...{ ...tftp, id: "tftp-32-w1", title: "32 devices without a window" },
    load: { ...load, devices: 32, windowSize: 1 },
    targets: [{ against: "dnsmasq", atLeast: 0.85 }],
  },
  {
    ...{ ...tftp, id: "tftp-256-w16", title: "256 devices, window size 16", rounds: 3, allFinish: true },
    load: { ...load, devices: 256, seconds: 20 },
    targets: [{ against: "tftpd-hpa", atLeast: 4 }],
  },
  {
    ...{ ...tftp, id: "tftp-loss", title: "16 devices, window size 16, 1 % lost each way", rounds: 3 },
    load: { ...load, devices: 16, lostPermille: 10, seconds: 6 },
    targets: [{ against: "the best peer", atLeast: 3 }],
  },
];

export const HTTP_ROW: Row & { readonly servers: readonly string[] } = {
  ...{ id: "http", title: "40 MB over HTTP, 64 connections", unit: "CPU s/GB", better: "less", rounds: 5 },
  servers: [OURS, "nginx", "@fastify/static"],
  targets: [
    { against: "nginx", atMost: 2 },
    { against: "@fastify/static", atMost: 0.3 },
  ],
};

/** Devices that ask in one instant. */
export const STORM = 5000;
/** Of them, those that load in one instant. */
export const CROWD = 1000;

export const STORM_ROW: Row = {
  ...{ id: "storm", title: `${STORM} devices ask in one instant (proxyDHCP), then all ask port 4011` },
  ...{ unit: "answers to the first try", better: "more", rounds: 3, targets: [{ atLeast: 2 * STORM }] },
};

export const MEMORY_ROW: Row = {
  ...{ id: "memory", title: `${CROWD} devices load at once, window size 16: the whole station's resident memory` },
  ...{ unit: "MB", better: "less", rounds: 3, targets: [{ atMost: 400 }], allFinish: true },
};

/** What one server did in one round. */
export interface Sample {
  readonly value: number;
  /** Devices whose file did not arrive in time. */
  readonly unfinished?: number;
  /** Until the last one had its answer. */
  readonly seconds?: number;
  /** Devices that loaded at the same time. */
  readonly mostAtOnce?: number;
  readonly cpuSecondsPerGb?: number;
  /** 99 of 100 answers came sooner. */
  readonly p99Ms?: number;
  /** Resident, at the most. */
  readonly memoryMB?: number;
  /** Of several that were measured, the one whose figure it is. */
  readonly which?: string;
}

export interface Verdict {
  readonly target: Target;
  /** The peer meant, and what ours / its came to, or what ours came to. */
  readonly against: string | null;
  readonly is: number;
  readonly holds: boolean;
}

export interface RowResult {
  readonly row: Row;
  readonly servers: Readonly<Record<string, readonly Sample[]>>;
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

export function medianOf(samples: readonly Sample[]): number {
  return median(samples.map(({ value }) => value));
}

/**
 * Ours against each target's peer: the median of the ratios of each round, because what else the machine did in that
 * round it did to both.
 */
export function verdicts({ row, servers }: RowResult): Verdict[] {
  const ours = servers[OURS]!;
  const finished = row.allFinish !== true || ours.every(({ unfinished }) => unfinished === 0);
  return row.targets.map((target) => {
    const against = target.against === "the best peer" ? bestPeer({ row, servers }) : (target.against ?? null);
    const values = ours.map(({ value }) => value);
    const is =
      against !== null
        ? median(values.map((value, round) => value / servers[against]![round]!.value))
        : target.atMost === undefined
          ? Math.min(...values)
          : Math.max(...values);
    const holds = finished && is >= (target.atLeast ?? 0) && is <= (target.atMost ?? Number.POSITIVE_INFINITY);
    return { target, against, is, holds };
  });
}

function bestPeer({ row, servers }: RowResult): string {
  const peers = Object.entries(servers).filter(([name]) => name !== OURS);
  const sign = row.better === "more" ? 1 : -1;
  peers.sort(([, a], [, b]) => sign * (medianOf(b) - medianOf(a)));
  return peers[0]![0];
}
