import { writeFileSync } from "node:fs";

/**
 * A vitest reporter that writes the counts of a run to the file that PALMTREE_TEST_SUMMARY names,
 * for tasks.mjs to print as the last line. Errors outside any test count as failures.
 */
class SummaryReporter {
  /**
   * @param {readonly import("vitest/node").TestModule[]} modules
   * @param {readonly unknown[]} unhandledErrors
   */
  onTestRunEnd(modules, unhandledErrors) {
    const path = process.env.PALMTREE_TEST_SUMMARY;
    if (path === undefined) return;
    const counts = { passed: 0, failed: unhandledErrors.length, skipped: 0 };
    for (const module of modules) {
      let failedTests = 0;
      for (const test of module.children.allTests()) {
        const { state } = test.result();
        if (state === "failed") failedTests += 1;
        else if (state === "passed") counts.passed += 1;
        else counts.skipped += 1;
      }
      // A file that cannot be loaded, or whose hooks fail, has no failed test but failed.
      counts.failed += failedTests === 0 && module.state() === "failed" ? 1 : failedTests;
    }
    writeFileSync(path, JSON.stringify(counts));
  }
}

// Vitest loads a reporter by its file, which must have a default export.
export { SummaryReporter as default };
