import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { build, type Plugin } from 'vite'
import { pdfBase, pdfKept } from './pdf-reader.ts'

/** One file of the shell: its address, and a revision when the address does not carry one. */
type Entry = [url: string, revision: string]

/**
 * Builds src/sw/sw.ts into /sw.js as one classic script, with the list of every file
 * of the shell written into it, and src/sw/round.ts (one sync round) beside it; and the two scripts of the pages of
 * sealed transfers, which are no part of the app: /t/open.js and /t/worker.js.
 */
export function serviceWorker(): Plugin {
  return {
    name: 'preau-service-worker',
    apply: 'build',
    closeBundle: {
      order: 'post',
      sequential: true,
      async handler() {
        if (!existsSync('dist/index.html')) return // the build failed
        const round = await script('sw/round', 'sw-round.js')
        const shell = entries('dist')
        const version = digest(JSON.stringify(shell) + round)
        await script('open/page', 't/open.js')
        await script('open/worker', 't/worker.js')
        await script('sw/sw', 'sw.js', {
          __SHELL__: JSON.stringify(shell),
          __VERSION__: JSON.stringify(version),
          __PDF_BASE__: JSON.stringify(pdfBase),
          __PDF_KEPT__: JSON.stringify(pdfKept),
        })
      },
    },
  }
}

async function script(source: string, file: string, define: Record<string, string> = {}): Promise<string> {
  await build({
    configFile: false,
    publicDir: false,
    logLevel: 'warn',
    define,
    build: {
      outDir: 'dist',
      emptyOutDir: false,
      reportCompressedSize: false,
      lib: { entry: `src/${source}.ts`, formats: ['iife'], name: 'preau' },
      rolldownOptions: {
        output: {
          format: 'iife',
          codeSplitting: false,
          entryFileNames: file,
        },
      },
    },
  })
  return readFileSync(join('dist', file), 'utf8')
}

function entries(dir: string): Entry[] {
  return readdirSync(dir, { recursive: true, encoding: 'utf8' })
    .filter((name) => !/(^|\/)\.|\.(br|gz|map)$|^sw|^t\/|^robots|^pdf-/.test(name))
    .filter((name) => statSync(join(dir, name)).isFile())
    .sort()
    .map((name) => [
      name === 'index.html' ? '/' : `/${name}`,
      name.startsWith('assets/') ? '' : digest(readFileSync(join(dir, name))),
    ])
}

function digest(body: string | Buffer): string {
  return createHash('sha256').update(body).digest('base64url').slice(0, 10)
}
