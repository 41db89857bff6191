// Figures of a full mailbox, printed and not judged: 5,000 messages put in order and searched.
import { test } from 'vitest'
import { arrange, gather, type Letter } from '../../src/mail/discussions.ts'
import { Finder } from '../../src/mail/search.ts'

const words =
  'réunion élève forêt sortie musée contrôle jeudi classe parents bonjour cahier évaluation demain merci'.split(
    ' ',
  )

/** About 900 characters each, in 1,250 discussions. */
function letters(count: number): Letter[] {
  let seed = 1
  const word = () => words[(seed = (seed * 48271) % 2147483647) % words.length] ?? ''
  return Array.from({ length: count }, (_, i) => ({
    ...{ scope: 'user:u', type: 'message', id: `m${String(i)}`, seq: i + 1, pending: false },
    value: {
      ...{ discussion: `m${String(i - (i % 4))}`, subject: `${word()} ${word()}`, mode: 'all' },
      ...{
        from: { id: `p${String(i % 90)}`, name: `Mme ${word()}` },
        to: [{ key: 'user:u', name: 'Nadia Benali' }],
      },
      body: Array.from({ length: 6 }, () => ({
        runs: [{ text: Array.from({ length: 20 }, word).join(' ') }],
      })),
      at: new Date(1.76e12 + i * 60_000).toISOString(),
    },
  }))
}

function took(what: string, work: () => unknown, times = 1): void {
  const spent: number[] = []
  for (let i = 0; i < times; i++) {
    const from = performance.now()
    work()
    spent.push(performance.now() - from)
  }
  const middle = spent.sort((a, b) => a - b)[Math.floor(times / 2)] ?? 0
  console.log(
    `${what}: ${middle.toFixed(1)} ms (slowest of ${String(times)}: ${(spent[times - 1] ?? 0).toFixed(1)})`,
  )
}

test('5,000 messages', () => {
  const all = letters(5000)
  const finder = new Finder()
  const talks = gather(all, 'u')
  took('gather', () => gather(all, 'u'), 9)
  took('arrange', () => arrange(talks, new Map(), new Set(), 'u'), 9)
  took('search, made ready', () => finder.update(all))
  took('search, nothing new', () => finder.update(all), 9)
  took('search, found often', () => finder.find('forêt eleve'), 21)
  took('search, found nowhere', () => finder.find('introuvable zzz'), 21)
})
