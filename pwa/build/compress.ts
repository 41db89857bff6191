import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { brotliCompressSync, constants, gzipSync } from 'node:zlib'
import type { Plugin } from 'vite'

const compressible = /\.(html|js|css|json|svg|webmanifest)$/

/** Lays a .br and a .gz beside every text file of the build, so that the server never compresses. */
export function compress(): Plugin {
  return {
    name: 'preau-compress',
    apply: 'build',
    enforce: 'post',
    closeBundle: {
      order: 'post',
      sequential: true,
      handler() {
        for (const file of textFiles('dist')) {
          const body = readFileSync(file)
          writeFileSync(`${file}.gz`, gzipSync(body, { level: 9 }))
          writeFileSync(
            `${file}.br`,
            brotliCompressSync(body, { params: { [constants.BROTLI_PARAM_SIZE_HINT]: body.length } }),
          )
        }
      },
    },
  }
}

function textFiles(dir: string): string[] {
  return readdirSync(dir, { recursive: true, encoding: 'utf8' })
    .filter((name) => compressible.test(name))
    .map((name) => join(dir, name))
}
