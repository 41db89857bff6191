import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    root: import.meta.dirname,
    include: ['*.test.ts'],
    globalSetup: './school.ts',
    testTimeout: 300_000,
    hookTimeout: 120_000,
    expect: { poll: { timeout: 30_000 } }, // a machine that is busy elsewhere is slow, not wrong
    fileParallelism: false, // browsers that draw without a graphics card keep two cores busy
    maxWorkers: 1,
    bail: 0,
  },
})
