import { defineConfig } from "vitest/config";

const longRunning = { testTimeout: 600_000, hookTimeout: 600_000, fileParallelism: false };

export default defineConfig({
  test: {
    projects: [
      { test: { name: "unit", include: ["test/**/*.test.ts"], exclude: ["test/{e2e,interop}/**"] } },
      { test: { name: "interop", include: ["test/interop/**/*.test.ts"], ...longRunning } },
      { test: { name: "e2e", include: ["test/e2e/**/*.test.ts"], ...longRunning } },
    ],
  },
});
