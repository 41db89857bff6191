import { readFileSync } from 'node:fs'
import type { Plugin } from 'vite'

/** The areas, and the few keys of other areas, that the first screens speak; all others arrive while those are read. */
const first = new Set([
  ...[
    'app',
    'child',
    'copies',
    'error',
    'given',
    'home',
    'nav',
    'net',
    'role',
    'size',
    'ui',
    'update',
    'when',
    'work',
  ],
  ...['copy.photograph', 'file.kept', 'give.new', 'signin.unreachable.title', 'signin.unreachable.text'],
])

/** Splits fr.json in two: src/i18n/first.ts and src/i18n/rest.ts each hold their half of it. */
export function words(): Plugin {
  return {
    name: 'preau-words',
    apply: 'build',
    enforce: 'pre',
    load(id) {
      const half = /\/i18n\/(first|rest)\.ts$/.exec(id)?.[1]
      if (!half) return null
      const all = JSON.parse(readFileSync('src/i18n/fr.json', 'utf8')) as Record<string, string>
      const kept = Object.entries(all).filter(([key]) => isFirst(key) === (half === 'first'))
      return `export default ${JSON.stringify(Object.fromEntries(kept))}`
    },
  }
}

function isFirst(key: string): boolean {
  return first.has(key) || first.has(key.split('.')[0] ?? '')
}
