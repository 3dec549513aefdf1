import type { Account } from "./machines.ts";

/** Something that a whole machine has and a folder that is entered may not have. */
export interface Lack {
  readonly name: string;
  /** A shell command that succeeds inside if it is there. */
  readonly probe: string;
  /** What is not shown for want of it. */
  readonly notShown: string;
  /** Asked for this account only; null: for each. */
  readonly account: Account | null;
  /** True if the drill cannot run without it; then neither `npm start` nor these tests can be judged. */
  readonly drill: boolean;
}

/** Test files that run the drill or parts of its lab. */
const LAB_TESTS = /(^|\/)test\/(e2e|interop|attack|cli)\//;

export const LACKS: readonly Lack[] = [
  {
    name: "kernel of its own",
    probe: "false",
    notShown: "the release's own kernel; this is the kernel of the machine around it",
    account: null,
    drill: false,
  },
  {
    name: "systemd as process 1",
    probe: "test -d /run/systemd/system",
    notShown: "units that start; they are only checked",
    account: null,
    drill: false,
  },
  {
    name: "KVM",
    probe: "test -w /dev/kvm",
    notShown: "the drill's times with KVM; QEMU emulates",
    account: null,
    drill: false,
  },
  {
    name: "user namespaces",
    probe: "unshare --user --map-root-user true",
    notShown: "the lab of an ordinary user",
    account: "user",
    drill: true,
  },
  {
    name: "network namespaces",
    probe: "unshare --user --map-root-user --net true || unshare --net true",
    notShown: "the lab's private network",
    account: null,
    drill: true,
  },
  {
    name: "/dev/net/tun",
    probe: "test -c /dev/net/tun",
    notShown: "the devices' network cards",
    account: null,
    drill: true,
  },
  {
    name: "/dev/fuse",
    probe: "test -c /dev/fuse",
    notShown: "NTFS and BitLocker volumes that are mounted",
    account: null,
    drill: true,
  },
];

/** The lines that name what is missing, and whether the drill can run. `found` are the names whose probe succeeded. */
export function nameLacks(account: Account, found: ReadonlySet<string>): { lines: string[]; drill: boolean } {
  const missing = LACKS.filter((lack) => (lack.account ?? account) === account && !found.has(lack.name));
  return {
    lines: missing.map(({ name, notShown }) => `no ${name}; not shown: ${notShown}`),
    drill: !missing.some(({ drill }) => drill),
  };
}

/** What vitest's JSON report of one project says (the fields that are read here). */
export interface TestReport {
  readonly testResults?: readonly {
    readonly name: string;
    readonly status?: string;
    readonly assertionResults: readonly { readonly status: string; readonly fullName: string }[];
  }[];
}

export interface NamedTests {
  readonly passed: number;
  readonly failed: readonly string[];
  /** Failed, but need a lab that this folder cannot have. */
  readonly notShown: readonly string[];
  readonly skipped: readonly string[];
}

/** Sorts every test of the reports by how it ended; a file that failed to load counts as one failed test. */
export function nameTests(reports: readonly TestReport[], canDrill: boolean): NamedTests {
  const failed: string[] = [];
  const notShown: string[] = [];
  const skipped: string[] = [];
  let passed = 0;
  for (const { name, status, assertionResults } of reports.flatMap(({ testResults = [] }) => testResults)) {
    const file = name.replace(/^.*\/(?=test\/)/, "");
    const failures = !canDrill && LAB_TESTS.test(file) ? notShown : failed;
    const before = failures.length;
    for (const test of assertionResults) {
      if (test.status === "passed") passed++;
      else (test.status === "failed" ? failures : skipped).push(`${file}: ${test.fullName}`);
    }
    if (status === "failed" && failures.length === before) failures.push(`${file}: the file as a whole`);
  }
  return { passed, failed, notShown, skipped };
}
