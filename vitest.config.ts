import { defineConfig } from "vitest/config";

export default defineConfig({
  ssr: { resolve: { conditions: ["unrolled-source", "node", "import", "default"] } },
  resolve: { conditions: ["unrolled-source", "node", "import", "default"] },
  test: {
    include: ["packages/*/test/**/*.test.ts", "tools/**/*.test.ts", "docs/**/*.test.ts", "examples/**/*.test.ts", "bench/test/**/*.test.ts"],
    testTimeout: 60_000,
  },
});
