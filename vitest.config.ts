import { defineConfig } from "vitest/config";
import { summaryReporter } from "./tools/summary-reporter.js";

const conditions = ["unrolled-source", "node", "import", "default"];

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: {
    include: [
      "packages/*/test/**/*.test.ts",
      "tools/**/*.test.ts",
      "examples/test/**/*.test.ts",
      "bench/test/**/*.test.ts",
    ],
    testTimeout: 120_000,
    reporters: ["default", summaryReporter()],
  },
});
