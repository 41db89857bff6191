// @vitest-environment node
import { expect, test } from 'vitest'
import { isLink, pieces } from './body.ts'

const runs = (text: string) => [{ text }]

test('E63, E64: lines of a list belong together; numbers go on after a deeper list', () => {
  const made = pieces([
    { runs: runs('Bonjour') },
    { kind: 'number', runs: runs('un') },
    { kind: 'bullet', indent: 1, runs: runs('a') },
    { kind: 'bullet', indent: 1, runs: runs('b') },
    { kind: 'number', runs: runs('deux') },
    { indent: 2, runs: runs('fin') },
    { kind: 'number', runs: runs('un') },
  ])
  expect(made).toEqual([
    { kind: 'text', indent: 0, runs: runs('Bonjour') },
    { kind: 'number', indent: 0, start: 1, items: [runs('un')] },
    { kind: 'bullet', indent: 1, start: 1, items: [runs('a'), runs('b')] },
    { kind: 'number', indent: 0, start: 2, items: [runs('deux')] },
    { kind: 'text', indent: 2, runs: runs('fin') },
    { kind: 'number', indent: 0, start: 1, items: [runs('un')] },
  ])
})

test.each([
  ['https://ecole.fr', true],
  ['mailto:a@b.fr', true],
  ['javascript:alert(1)', false],
  ['/reglages', false],
  [undefined, false],
])('E65: %s leads out: %s', (link, leads) => {
  expect(isLink(link)).toBe(leads)
})
