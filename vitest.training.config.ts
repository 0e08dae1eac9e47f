import { defineConfig } from 'vitest/config';

/** The Python scripts of `training/`, in the environment that they ask for: gigabytes to install, so it is run by hand. */
export default defineConfig({
  test: {
    include: ['test/training/**/*.test.ts'],
    testTimeout: 900_000,
    hookTimeout: 2_400_000,
    pool: 'forks',
    maxWorkers: 1,
    reporters: ['default'],
  },
});
