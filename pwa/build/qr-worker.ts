import { readFileSync } from 'node:fs'
import type { Plugin } from 'vite'

const path = '/qr-worker.js'

/**
 * Serves the decoder of qr-scanner as a file of its own. The package makes its worker from a Blob,
 * which our content security policy refuses.
 */
export function qrWorker(): Plugin {
  return {
    name: 'preau-qr-worker',
    configureServer(server) {
      server.middlewares.use(path, (_, response) => {
        response.setHeader('Content-Type', 'text/javascript').end(decoder())
      })
    },
    generateBundle() {
      this.emitFile({ type: 'asset', fileName: path.slice(1), source: decoder() })
    },
  }
}

function decoder(): string {
  const module = readFileSync('node_modules/qr-scanner/qr-scanner-worker.min.js', 'utf8')
  const source = /new Blob\(\[`([\s\S]*)`\]/.exec(module)?.[1]
  if (!source || /(?<!\\)\$\{/.test(source)) throw new Error('qr-scanner is not packed as it was')
  return source.replace(/\\([\\`$])/g, '$1')
}
