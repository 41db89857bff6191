import { svelte } from '@sveltejs/vite-plugin-svelte'
import { defineConfig } from 'vite'
import { chunkOf } from './build/chunks.ts'
import { compress } from './build/compress.ts'
import { pdfReader } from './build/pdf-reader.ts'
import { qrWorker } from './build/qr-worker.ts'
import { serviceWorker } from './build/service-worker.ts'
import { words } from './build/words.ts'

const server = process.env.PREAU_SERVER ?? 'http://127.0.0.1:8080'
const proxy = { '/api': server, '/manifest.webmanifest': server }

/**
 * Of what a screen needs, what is fetched beside it by name: its styles, and what the first screens share. To name
 * all would be a tenth of the first file's own code; the rest is found in the screens, and soon kept on the device.
 */
const isNamed = (file: string) => /\.css$|rolldown-runtime/.test(file)

export default defineConfig({
  plugins: [svelte(), words(), qrWorker(), pdfReader(), serviceWorker(), compress()],
  define: { 'import.meta.env.VITE_BUILD': JSON.stringify(process.env.PREAU_BUILD ?? 'dev') },
  build: {
    outDir: 'dist',
    emptyOutDir: true,
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false, resolveDependencies: (_, files) => files.filter(isNamed) },
    reportCompressedSize: false,
    rolldownOptions: {
      output: {
        codeSplitting: { groups: [{ name: chunkOf }] },
      },
    },
  },
  server: { proxy },
  preview: { proxy },
})
