import { svelte } from '@sveltejs/vite-plugin-svelte'
import { defineConfig } from 'vitest/config'

const engine = ['src/db/**/*.test.ts', 'src/sync/**/*.test.ts']

// engine: the device library, in Node on fake-indexeddb.
// ui: state classes and components, in jsdom.
// oracle: headless devices against the real server; `vitest run --project oracle`.
export default defineConfig({
  test: {
    projects: [
      { test: { name: 'engine', environment: 'node', include: engine, testTimeout: 30_000 } },
      {
        plugins: [svelte()],
        resolve: { conditions: ['browser'] },
        test: {
          name: 'ui',
          environment: 'jsdom',
          testTimeout: 30_000,
          include: ['src/**/*.test.ts'],
          exclude: engine,
        },
      },
      {
        test: {
          name: 'oracle',
          environment: 'node',
          include: ['oracle/**/*.test.ts'],
          testTimeout: 3_600_000,
          hookTimeout: 300_000,
          fileParallelism: false,
        },
      },
    ],
  },
})
