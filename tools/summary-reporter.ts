// The last line of a test run, plain: "N passed, N failed" (and skipped, where some were).
import type { Reporter, TestModule } from "vitest/node";

export const summaryReporter = (): Reporter => ({
  onTestRunEnd(modules: ReadonlyArray<TestModule>, errors: ReadonlyArray<unknown>) {
    const counts = { passed: 0, failed: 0, skipped: 0 };
    for (const module of modules) {
      const before = counts.failed;
      for (const test of module.children.allTests()) {
        const { state } = test.result();
        if (state !== "pending") counts[state]++;
      }
      // A file that does not load, or whose set-up fails, has no test that failed.
      if (module.state() === "failed" && counts.failed === before) counts.failed++;
    }
    const failed = counts.failed + errors.length;
    const skipped = counts.skipped > 0 ? `, ${counts.skipped} skipped` : "";
    // After the default reporter's own summary.
    process.on("exit", () => process.stdout.write(`${counts.passed} passed, ${failed} failed${skipped}\n`));
  },
});
