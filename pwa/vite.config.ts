import { svelte } from '@sveltejs/vite-plugin-svelte'
import { defineConfig } from 'vite'
import { compress } from './build/compress.ts'
import { qrWorker } from './build/qr-worker.ts'
import { serviceWorker } from './build/service-worker.ts'

const server = process.env.PREAU_SERVER ?? 'http://127.0.0.1:8080'
const proxy = { '/api': server, '/manifest.webmanifest': server }

export default defineConfig(({ mode }) => ({
  plugins: [svelte(), qrWorker(), serviceWorker(), compress()],
  define: { __BUILD__: JSON.stringify(process.env.PREAU_BUILD ?? mode) },
  build: {
    outDir: 'dist',
    emptyOutDir: true,
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
  },
  server: { proxy },
  preview: { proxy },
}))
