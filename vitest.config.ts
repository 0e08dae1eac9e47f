import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ['test/real/**', 'test/training/**'],
    testTimeout: 30_000,
    hookTimeout: 60_000,
    pool: 'forks',
    // No module of ours keeps state, so test files share a process: what they import is loaded once.
    isolate: false,
    maxWorkers: 2,
    reporters: ['default'],
  },
});
