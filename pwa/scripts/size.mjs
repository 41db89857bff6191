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
const sum = (files, size) => files.reduce((total, file) => total + size(read(file)), 0)

/** The files that index.html names: entry, what it preloads, styles. */
function named(pattern) {
  return [...html.matchAll(pattern)].map((found) => (found[1] ?? '').replace(/^\//, ''))
}

/** Scripts that these import before they run, and theirs. */
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

const first = withImports([
  ...named(/<script[^>]+src="([^"]+)"/g),
  ...named(/<link[^>]+modulepreload[^>]+href="([^"]+)"/g),
])
const styles = named(/<link[^>]+stylesheet[^>]+href="([^"]+)"/g)

/**
 * What a first screen loads by the names of its files: the app, these, and what they import. That these are
 * all that it asks for is seen in a browser: e2e/bench/phone.test.ts prints the requests.
 */
function screen(...names) {
  const added = names.map((name) => {
    const file = readdirSync(join(dist, 'assets')).find((one) =>
      new RegExp(`^${name}-[\\w-]{8}\\.js$`).test(one),
    )
    if (!file) throw new Error(`there is no file ${name} in the build any more`)
    return join('assets', file)
  })
  return withImports([...first, ...added])
}

const everything = (function walk(folder) {
  return readdirSync(join(dist, folder))
    .map((name) => join(folder, name))
    .filter((path) => !/\.(br|gz|gitkeep)$|^t$|^pdf-/.test(path))
    .reduce(
      (total, path) => total + (statSync(join(dist, path)).isDirectory() ? walk(path) : gz(read(path))),
      0,
    )
})('.')

/** What reads PDF files, without the maps of letters that are fetched one by one. */
const pdf = readdirSync(dist).find((name) => name.startsWith('pdf-')) ?? 'pdf'
const reader = readdirSync(join(dist, pdf))
  .filter((name) => /\.(js|pfb)$/.test(name))
  .map((name) => join(pdf, name))

const list = (files) => files.map((file) => file.replace(/^assets\/|-[\w-]{8}\.js$/g, '')).join(', ')
const signIn = screen('signin')
const home = screen('inside', 'engine')

const rows = [
  ['first load, JavaScript (gz)', sum(first, gz), 36.5 * 1024, list(first)],
  ['sign-in page readable, JavaScript (gz)', sum(signIn, gz), 41.5 * 1024, list(signIn)],
  ['home readable, JavaScript (gz)', sum(home, gz), 56.25 * 1024, list(home)],
  ['service worker (gz)', gz(read('sw.js')), 3.8 * 1024],
  ['page of a sealed link and its worker (gz)', gz(read('t/open.js')) + gz(read('t/worker.js')), 12 * 1024],
  ['page and styles (br)', br(Buffer.from(html)) + sum(styles, br), 6 * 1024],
  ['everything kept for offline (gz)', everything, 684 * 1024],
  ['what reads PDF files, kept with the first one (gz)', sum(reader, gz), 745 * 1024],
]

let failed = 0
for (const [what, size, gate, files] of rows) {
  const ok = size <= gate
  if (!ok) failed++
  const names = files ? `: ${files}` : ''
  console.log(
    `${ok ? 'ok  ' : 'FAIL'} ${what}: ${(size / 1024).toFixed(1)} KB (gate ${gate / 1024} KB)${names}`,
  )
}
process.exitCode = failed ? 1 : 0
