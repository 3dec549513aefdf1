import { defineConfig } from "vitest/config";

const longRunning = { testTimeout: 600_000, hookTimeout: 600_000, fileParallelism: false };

/** Half an hour and more: only when it is asked for by name (npm run test:slow). */
const slow = process.argv.includes("slow")
  ? [{ test: { name: "slow", include: ["test/slow/**/*.test.ts"], ...longRunning } }]
  : [];

export default defineConfig({
  test: {
    maxWorkers: "100%",
    projects: [
      {
        test: {
          name: "unit",
          // What modules keep is caches and scratch memory, so the files may share them: a third less time.
          isolate: false,
          include: ["test/**/*.test.ts"],
          exclude: ["test/{attack,cli,e2e,interop,slow}/**"],
          // How long one takes says nothing about it: the machine may be doing other things.
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      { test: { name: "interop", include: ["test/{attack,cli,interop}/**/*.test.ts"], ...longRunning } },
      { test: { name: "e2e", include: ["test/e2e/**/*.test.ts"], ...longRunning } },
      ...slow,
    ],
  },
});
