import { readFileSync } from 'node:fs'
import type { Plugin, Rolldown } from 'vite'

/**
 * The words that are there without waiting: those of the frame, and those that come with the first screens.
 * An area, or one key of it. All others arrive while these are read.
 */
const parts = {
  first: ['app', 'device', 'signin.unreachable', 'size', 'ui', 'update', 'when'],
  inside: [
    ...['child', 'error', 'home', 'nav', 'net', 'copies.toRead', 'copies.waiting', 'copy.photograph'],
    ...['give.new', 'given.count', 'work.attachments', 'work.markDone', 'work.state', 'work.undone'],
    'work.untitled',
  ],
  work: [
    ...['given.chosen', 'given.coming', 'given.empty', 'given.past', 'work.empty', 'work.layout'],
    ...['work.nothing', 'work.overdue', 'work.past', 'work.week'],
  ],
  signin: ['devices.remove', 'error', 'help.statement', 'role', 'signin'],
}

type Part = keyof typeof parts

/** Which words the files of the first screens may speak. */
const speaks: Record<string, readonly Part[]> = {
  index: ['first'],
  inside: ['first', 'inside'],
  work: ['first', 'inside', 'work'],
  signin: ['first', 'signin'],
}

/** Divides fr.json among src/i18n/{first,inside,signin,work,rest}.ts, and refuses a file that says what it has not got. */
export function words(): Plugin {
  const all = JSON.parse(readFileSync('src/i18n/fr.json', 'utf8')) as Record<string, string>
  return {
    name: 'preau-words',
    apply: 'build',
    enforce: 'pre',
    load(id) {
      const part = /\/i18n\/(first|inside|signin|work|rest)\.ts$/.exec(id)?.[1] as Part | 'rest' | undefined
      if (!part) return null
      const kept = Object.entries(all).filter(([key]) =>
        part === 'rest' ? !isIn('first', key) : isIn(part, key),
      )
      return `export default ${JSON.stringify(Object.fromEntries(kept))}`
    },
    generateBundle(_, bundle) {
      const keys = new Set(Object.keys(all).map(bare))
      for (const chunk of Object.values(bundle)) {
        const missing = chunk.type === 'chunk' ? lacking(chunk, keys) : []
        if (missing.length > 0) this.error(`build/words.ts: ${chunk.fileName} says ${missing.join(', ')}`)
      }
    },
  }
}

/** The keys that stand in a file whose words come with it, and are not among these. */
function lacking({ name, code }: Rolldown.OutputChunk, keys: Set<string>): string[] {
  const from = speaks[name]
  if (!from) return []
  const said = [...code.matchAll(/["'`]([a-z]\w*(?:\.\w+)+)["'`]/g)].map((found) => found[1] ?? '')
  return said.filter((key) => keys.has(key) && !from.some((part) => isIn(part, key)))
}

function isIn(part: Part, key: string): boolean {
  return parts[part].some((one) => bare(key) === one || key.startsWith(`${one}.`))
}

function bare(key: string): string {
  return key.replace(/[@#].*$/, '')
}
