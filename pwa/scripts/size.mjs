// What a phone loads before it shows anything, as gates. Sizes as the server
// sends them: gzip for scripts, brotli for the page and its styles.
import { readFileSync, readdirSync, statSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { brotliCompressSync, constants, gzipSync } from 'node:zlib'

const dist = resolve(import.meta.dirname, '../dist')
const html = readFileSync(join(dist, 'index.html'), 'utf8')

const gz = (data) => gzipSync(data, { level: 9 }).length
const br = (data) => brotliCompressSync(data, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } }).length
const read = (path) => readFileSync(join(dist, path))

/** The files that index.html names: entry, what it preloads, styles. */
function named(pattern) {
  return [...html.matchAll(pattern)].map((found) => (found[1] ?? '').replace(/^\//, ''))
}

/** Scripts that the entry imports before it runs, and theirs. */
function withImports(entries) {
  const seen = new Set(entries)
  for (const file of seen) {
    const code = read(file).toString()
    for (const found of code.matchAll(
      /(?:^|[;}\s])(?:import|export)(?:[^"'()]*?from)?\s*["']\.\/([^"']+\.js)["']/g,
    )) {
      seen.add(join('assets', found[1] ?? ''))
    }
  }
  return [...seen]
}

const scripts = withImports([
  ...named(/<script[^>]+src="([^"]+)"/g),
  ...named(/<link[^>]+modulepreload[^>]+href="([^"]+)"/g),
])
const styles = named(/<link[^>]+stylesheet[^>]+href="([^"]+)"/g)
const sum = (files, size) => files.reduce((total, file) => total + size(read(file)), 0)

const everything = (function walk(folder) {
  return readdirSync(join(dist, folder))
    .map((name) => join(folder, name))
    .filter((path) => !/\.(br|gz|gitkeep)$/.test(path))
    .reduce(
      (total, path) => total + (statSync(join(dist, path)).isDirectory() ? walk(path) : gz(read(path))),
      0,
    )
})('.')

const rows = [
  ['first load, JavaScript (gz)', sum(scripts, gz), 60 * 1024, 35 * 1024],
  ['service worker (gz)', gz(read('sw.js')), 3 * 1024],
  ['page and styles (br)', br(Buffer.from(html)) + sum(styles, br), 8 * 1024],
  ['everything kept for offline (gz)', everything, 400 * 1024],
]

let failed = 0
for (const [what, size, gate, aim] of rows) {
  const ok = size <= gate
  if (!ok) failed++
  const goal = aim ? `, aim ${(aim / 1024).toFixed(0)} KB` : ''
  console.log(
    `${ok ? 'ok  ' : 'FAIL'} ${what}: ${(size / 1024).toFixed(1)} KB (gate ${(gate / 1024).toFixed(0)} KB${goal})`,
  )
}
process.exitCode = failed ? 1 : 0
