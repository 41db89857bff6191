import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Plugin } from 'vite'

const from = 'node_modules/pdfjs-dist'
const { version } = JSON.parse(readFileSync(join(from, 'package.json'), 'utf8')) as { version: string }

/** Where pdf.js lies. Its version is in the address: what is kept of it stays good until there is another. */
export const pdfBase = `/pdf-${version}/`

/**
 * What is needed to read without a network. The old build: the new one wants browsers of this year. Pictures in
 * scans are decoded by scripts, as our policy allows no WebAssembly; of the fonts only those are here that no device has.
 */
const kept: Record<string, string> = {
  'pdf.js': 'legacy/build/pdf.min.mjs',
  'worker.js': 'legacy/build/pdf.worker.min.mjs',
  'jbig2_nowasm_fallback.js': 'wasm/jbig2_nowasm_fallback.js',
  'openjpeg_nowasm_fallback.js': 'wasm/openjpeg_nowasm_fallback.js',
  'FoxitSymbol.pfb': 'standard_fonts/FoxitSymbol.pfb',
  'FoxitDingbats.pfb': 'standard_fonts/FoxitDingbats.pfb',
}

export const pdfKept = Object.keys(kept).map((name) => pdfBase + name)

/** The one thing that phones of some years ago lack and the old build does not bring along. */
const prelude = `Promise.withResolvers ??= function () {
  let resolve, reject
  const promise = new this((yes, no) => ((resolve = yes), (reject = no)))
  return { promise, resolve, reject }
}
`

/** Serves pdf.js as it comes, outside of the bundle: nothing of it is loaded before somebody reads a PDF. */
export function pdfReader(): Plugin {
  return {
    name: 'preau-pdf-reader',
    config: () => ({
      define: { __PDF_BASE__: JSON.stringify(pdfBase), __PDF_KEPT__: JSON.stringify(pdfKept) },
    }),
    configureServer(server) {
      server.middlewares.use(pdfBase, (request, response, next) => {
        const name = request.url?.split('?')[0]?.slice(1) ?? ''
        if (!existsSync(fileOf(name))) return next()
        response.setHeader(
          'Content-Type',
          name.endsWith('js') ? 'text/javascript' : 'application/octet-stream',
        )
        response.end(contentOf(name))
      })
    },
    generateBundle() {
      const maps = readdirSync(join(from, 'cmaps')).filter((name) => name.endsWith('.bcmap'))
      for (const name of [...Object.keys(kept), ...maps])
        this.emitFile({
          type: 'asset',
          fileName: pdfBase.slice(1) + name,
          source: contentOf(name),
        })
    },
  }
}

/** Maps of the letters of Chinese, Japanese and Korean are fetched one by one, by the files that want them. */
function fileOf(name: string): string {
  return join(from, kept[name] ?? `cmaps/${name.replace(/[^\w.-]/g, '')}`)
}

function contentOf(name: string): Buffer {
  const content = readFileSync(fileOf(name))
  return /^(pdf|worker)\.js$/.test(name) ? Buffer.concat([Buffer.from(prelude), content]) : content
}
