import { svelte } from '@sveltejs/vite-plugin-svelte'
import { defineConfig } from 'vite'
import { compress } from './build/compress.ts'
import { qrWorker } from './build/qr-worker.ts'
import { serviceWorker } from './build/service-worker.ts'
import { words } from './build/words.ts'

const server = process.env.PREAU_SERVER ?? 'http://127.0.0.1:8080'
const proxy = { '/api': server, '/manifest.webmanifest': server }

/** What every first screen needs travels in one piece: the runtime, the engine, the shell, the plain half of the kit. */
const kit =
  'Avatar|Button|Card|EmptyState|Icon|IconButton|List|NetLine|Notice|PageHeader|Row|Section|Skeleton|Tag|Toasts'
const first = new RegExp(
  `node_modules/(svelte|clsx|esm-env|idb)/|src/(app|db|sync)/|src/i18n/(index|dates|first)|src/ui/(${kit}|icons)\\.`,
)

export default defineConfig({
  plugins: [svelte(), words(), qrWorker(), serviceWorker(), compress()],
  define: { 'import.meta.env.VITE_BUILD': JSON.stringify(process.env.PREAU_BUILD ?? 'dev') },
  build: {
    outDir: 'dist',
    emptyOutDir: true,
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    rolldownOptions: {
      output: {
        advancedChunks: {
          groups: [
            { name: 'app', test: first },
            {
              name: 'home',
              test: /src\/(school\/|screens\/(home\/|work\/(Work|PupilWork|GivenList|StateTag)))/,
            },
          ],
        },
      },
    },
  },
  server: { proxy },
  preview: { proxy },
})
