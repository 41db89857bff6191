import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    root: import.meta.dirname,
    include: ['*.test.ts'],
    testTimeout: 180_000,
    hookTimeout: 120_000,
    fileParallelism: false, // browsers that draw without a graphics card keep two cores busy
    maxWorkers: 1,
    bail: 0,
  },
})
