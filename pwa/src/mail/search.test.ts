// @vitest-environment node
import { describe, expect, test } from 'vitest'
import type { Message } from '../sync/index.ts'
import type { Letter } from './discussions.ts'
import { fold } from './fold.ts'
import { around, Finder } from './search.ts'

function letter(id: string, value: Partial<Message>, seq = 1): Letter {
  const message: Message = {
    ...{ discussion: id, subject: 'Sortie', mode: 'all', from: { id: 'l', name: 'M. Lopez' } },
    ...{ to: [{ key: 'user:g', name: 'Mme Garnier' }], body: [], at: '2026-11-20T08:00:00Z' },
    ...value,
  }
  return { scope: 'user:me', type: 'message', id, seq, value: message, pending: false }
}

const text = (words: string) => [{ runs: [{ text: words }] }]

describe('E43, E44: whatever the role, full text, blind to accents', () => {
  const finder = new Finder()
  finder.update([
    letter('a', { subject: 'Élève absente', body: text('Chez le cœur de l’été') }),
    letter('b', { quotes: [{ from: 'Zoé', to: [], subject: 'Vieux', at: '', body: text('Forêt') }] }),
    letter('c', { discussion: 'a', files: [{ sha: 's', name: 'Règlement.pdf', type: '', size: 1 }] }),
  ])

  test.each([
    ['ELEVE', ['a']],
    ['coeur ete', ['a']],
    ["l'été", ['a']],
    ['garnier', ['a', 'b']],
    ['zoe foret', ['b']],
    ['reglement', ['a']],
    ['élève forêt', []],
    ['   ', []],
  ])('%s', (query, found) => {
    expect([...finder.find(query)].sort()).toEqual(found)
  })

  test('what is gone is not found, what changed is', () => {
    const other = new Finder()
    other.update([letter('a', { body: text('avant') }), letter('b', { body: text('avant') })])
    other.update([letter('a', { body: text('après') }, 2)])
    expect([...other.find('avant')]).toEqual([])
    expect([...other.find('apres')]).toEqual(['a'])
  })
})

test('made ready little by little, it finds all', async () => {
  const finder = new Finder()
  const many = Array.from({ length: 450 }, (_, i) =>
    letter(`l${String(i)}`, { body: text(`mot${String(i)}.`) }),
  )
  expect(finder.update(many, 200)).toBe(false)
  expect(finder.find('mot449.').size).toBe(0)
  await finder.warm(many)
  expect(finder.find('mot449.').size + finder.find('mot0.').size).toBe(2)
})

test('shows the place where it was found, as it was written', () => {
  expect(around('Rendez-vous chez Œdipe à l’Été', 'ete')).toEqual(['Rendez-vous chez Œdipe à l’', 'Été', ''])
  expect(around('Un cœur', 'coeur')).toEqual(['Un ', 'cœur', ''])
  expect(around('Rien', 'ete')).toBeUndefined()
  expect(fold('Œuvre d’Ys')).toBe("oeuvre d'ys")
})
