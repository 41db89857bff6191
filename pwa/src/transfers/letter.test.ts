import { describe, expect, test } from 'vitest'
import { cardIn, paragraphOf, secretIn } from './letter.ts'
import { linkOf } from './link.ts'

const secret = 'garniergarniergarniera'
const link = linkOf(secret)
const sent = { title: 'Le film', secret, files: 2, size: 12_000_000, until: '2026-12-07T09:00:00Z' }

describe('W13 a link in a message', () => {
  test('says what it leads to and until when', () => {
    const [run] = paragraphOf(sent).runs
    expect(run).toEqual({ text: 'Le film, à télécharger avant le 7 décembre', link })
    expect(paragraphOf({ ...sent, title: '' }).runs[0]?.text).toMatch(/^2 fichiers, 12\sMo, à/)
  })

  test('is read as a card, and as its words where nothing more is known', () => {
    expect(cardIn(paragraphOf(sent).runs)).toEqual({
      ...{ link, secret },
      text: 'Le film, à télécharger avant le 7 décembre',
    })
    expect(cardIn([{ text: link, link }, { text: ' ' }])).toEqual({ link, secret, text: '' })
  })

  test.each([
    ['with words around it', [{ text: 'Voici : ' }, { text: 'le film', link }]],
    [
      'and another',
      [
        { text: 'a', link },
        { text: 'b', link: linkOf('b'.repeat(22)) },
      ],
    ],
    ['without words', []],
  ])('is a link like others %s', (_, runs) => {
    expect(cardIn(runs)).toBeUndefined()
  })

  test.each([
    undefined,
    'https://ailleurs.example/t/garniergarniergarniera',
    `${link}/0`,
    `${link}?show=1`,
    link.slice(0, -1),
    'javascript:alert(1)',
    'mailto:a@b.example',
  ])('%s is none of this school', (other) => {
    expect(secretIn(other)).toBeUndefined()
  })
})
