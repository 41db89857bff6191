import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Block, Body, Run } from '../sync/index.ts'
import { draw, place, read } from './editor.ts'
import { fromHtml, fromText } from './paste.ts'
import {
  addressed,
  goodLink,
  indented,
  linkAt,
  linked,
  linkOf,
  listed,
  replace,
  tidy,
  trimmed,
} from './writing.ts'
import { textOf } from './body.ts'

function shown(body: Body): HTMLElement {
  const root = document.createElement('div')
  root.append(draw(body, document))
  return root
}

function typed(build: (root: HTMLElement) => void): Body {
  const root = document.createElement('div')
  build(root)
  return read(root).body
}

/** Elements from a sketch: ['p', 'text', ['b', 'bold']]. */
type Sketch = string | [string, ...Sketch[]]
function made(sketch: Sketch): Node {
  if (typeof sketch === 'string') return document.createTextNode(sketch)
  const [name, ...inner] = sketch
  const element = document.createElement(name)
  element.append(...inner.map(made))
  return element
}

const runs = fc.record(
  {
    text: fc.string({ unit: 'grapheme', maxLength: 12 }),
    marks: fc.constantFrom('b', 'i', 'u', 'o', 'bi', 'bu', 'bo', 'iu', 'io', 'biu', 'bio', 'ob', 'uo', 'x'),
    link: fc.constantFrom('https://ecole.fr/', 'mailto:a@b.fr', 'javascript:alert(1)', 'http://'),
    formula: fc.constant(true),
  },
  { requiredKeys: ['text'] },
) as fc.Arbitrary<Run>
const blocks = fc.record(
  {
    kind: fc.constantFrom('bullet' as const, 'number' as const),
    indent: fc.integer({ min: -1, max: 9 }),
    runs: fc.array(runs, { maxLength: 5 }),
  },
  { requiredKeys: ['runs'] },
) as fc.Arbitrary<Block>
const bodies = fc.array(blocks, { minLength: 1, maxLength: 8 })

describe('E59–E65 the text of a message', () => {
  test('every body survives the screen', () => {
    fc.assert(
      fc.property(bodies, (body) => {
        expect(read(shown(body)).body).toEqual(tidy(body))
      }),
    )
  })

  test('every place in it is found again', () => {
    fc.assert(
      fc.property(bodies, fc.nat(), fc.nat(), (body, b, o) => {
        const neat = tidy(body)
        const block = b % neat.length
        const offset = o % (textOf(neat.slice(block, block + 1)).length + 1)
        const root = shown(neat)
        expect(read(root, [place(root, { block, offset })]).at).toEqual([{ block, offset }])
      }),
    )
  })

  test('what was replaced by itself is as before', () => {
    fc.assert(
      fc.property(bodies, (body) => {
        const neat = tidy(body)
        const last = neat.length - 1
        const whole = {
          from: { block: 0, offset: 0 },
          to: { block: last, offset: textOf(neat.slice(last)).length },
        }
        expect(textOf(replace(neat, whole, neat).body)).toBe(textOf(neat))
      }),
    )
  })

  test.each<[string, Sketch[], string[]]>([
    [
      'lines as Chrome makes them',
      [
        ['div', 'un'],
        ['div', ['br']],
        ['div', 'deux'],
      ],
      ['un', '', 'deux'],
    ],
    ['text without a paragraph', ['un', ['div', 'deux']], ['un', 'deux']],
    ['a break that holds a line open', [['p', 'un', ['br']]], ['un']],
    ['breaks', [['p', 'un', ['br'], ['br'], 'deux']], ['un', '', 'deux']],
    ['boxes in boxes', [['div', ['div', ['div', 'un']], 'deux']], ['un', 'deux']],
  ])('%s', (_, sketch, lines) => {
    const body = typed((root) => root.append(...sketch.map(made)))
    expect(textOf(body).split('\n')).toEqual(lines)
  })

  test('spaces are kept as typed', () => {
    expect(textOf(typed((root) => root.append('  a   b  ')))).toBe('  a   b  ')
  })

  test('a list within a list is one step in', () => {
    const body = typed((root) => root.append(made(['ul', ['li', 'a', ['ol', ['li', 'b']]], ['li', 'c']])))
    expect(body).toEqual([
      { kind: 'bullet', runs: [{ text: 'a' }] },
      { kind: 'number', indent: 1, runs: [{ text: 'b' }] },
      { kind: 'bullet', runs: [{ text: 'c' }] },
    ])
  })

  test('numbers go on after a list within', () => {
    const number = (indent: number): Block => ({ kind: 'number', indent, runs: [{ text: 'x' }] })
    const numbers = [...shown([0, 1, 1, 0, 1].map(number)).querySelectorAll('li')].map((li) => li.value)
    expect(numbers).toEqual([1, 1, 2, 2, 1])
  })
})

describe('E63–E65 lists, steps and links', () => {
  const body: Body = [{ runs: [{ text: 'un deux' }] }, { runs: [{ text: 'trois' }] }]
  const all = { from: { block: 0, offset: 0 }, to: { block: 1, offset: 5 } }

  test('a list, and no list again', () => {
    const list = listed(body, all, 'bullet')
    expect(list.map((block) => block.kind)).toEqual(['bullet', 'bullet'])
    expect(listed(list, all, 'number').map((block) => block.kind)).toEqual(['number', 'number'])
    expect(listed(list, all, 'bullet')).toEqual(body)
  })

  test('never more than six steps, never less than none', () => {
    expect(indented(body, all, 9)[1]?.indent).toBe(6)
    expect(indented(body, all, -1)).toEqual(body)
  })

  test('a link, found by the caret in it, and taken away', () => {
    const stretch = { from: { block: 0, offset: 3 }, to: { block: 0, offset: 7 } }
    const with_ = linked(body, stretch, 'https://ecole.fr/')
    expect(with_[0]?.runs).toEqual([{ text: 'un ' }, { text: 'deux', link: 'https://ecole.fr/' }])
    expect(linkAt(with_, { block: 0, offset: 5 })).toEqual({ link: 'https://ecole.fr/', stretch })
    expect(linked(with_, stretch, undefined)).toEqual(body)
  })

  test('empty ends are not sent', () => {
    expect(trimmed([{ runs: [] }, ...body, { kind: 'bullet', runs: [{ text: ' ' }] }])).toEqual(body)
    expect(trimmed([{ runs: [{ text: '\n ' }] }])).toEqual([])
  })

  test.each([
    ['ecole.fr', 'https://ecole.fr/'],
    ['www.ecole.fr/a?b', 'https://www.ecole.fr/a?b'],
    ['https://ecole.fr', 'https://ecole.fr/'],
    ['cpe@ecole.fr', 'mailto:cpe@ecole.fr'],
    ['javascript:alert(1)', undefined],
    ['data:text/html,x', undefined],
    ['java\nscript:alert(1)', undefined],
    ['https:ecole', undefined],
    ['deux mots', undefined],
    ['', undefined],
  ])('the address %j', (text, link) => expect(linkOf(text)).toBe(link))
})

describe('what others’ pages bring along is left behind', () => {
  test.each<[string, string, Body]>([
    ['a script', 'a<script>alert("<b>x</b>")</script>b', [{ runs: [{ text: 'ab' }] }]],
    ['a script that never ends', 'a<script>alert(1)', [{ runs: [{ text: 'a' }] }]],
    [
      'handlers and pictures',
      '<p onclick="x()">a<img src=x onerror="alert(1)"></p>',
      [{ runs: [{ text: 'a' }] }],
    ],
    ['an address that does something', '<a href="javascript:alert(1)">a</a>', [{ runs: [{ text: 'a' }] }]],
    ['the same, hidden', '<a href="&#106;ava&#x09;script:alert(1)">a</a>', [{ runs: [{ text: 'a' }] }]],
    [
      'styles and their import',
      '<style>@import "https://x.y/z.css"</style><p>a</p>',
      [{ runs: [{ text: 'a' }] }],
    ],
    ['a frame', '<iframe src="https://x.y"><p>b</p></iframe><p>a', [{ runs: [{ text: 'a' }] }]],
    ['a drawing', '<svg><script>x</script><text>b</text></svg>a', [{ runs: [{ text: 'a' }] }]],
    ['comments, of Word and others', '<!--[if mso]><p>b</p><![endif]-->a<!-- x', [{ runs: [{ text: 'a' }] }]],
    ['half a tag', 'a < b <', [{ runs: [{ text: 'a < b <' }] }]],
    ['what only looks like a tag', '1 &lt;b&gt; 2', [{ runs: [{ text: '1 <b> 2' }] }]],
    ['ends without beginnings', '</div></p>a</b>', [{ runs: [{ text: 'a' }] }]],
  ])('%s', (_, html, body) => expect(fromHtml(html)).toEqual(body))

  test('what a message has too comes along', () => {
    const html = `<meta charset="utf-8"><h1>Sortie</h1>
      <p>Le <strong>8 <em>mai</em></strong>, H<sub>2</sub>O,
        <a href="https://ecole.fr/a?b=1&amp;c=2" target=_blank>ici</a></p>
      <ol><li>un<li>deux<ul><li>trois</ul></ol>`
    expect(fromHtml(html)).toEqual([
      { runs: [{ text: 'Sortie' }] },
      {
        runs: [
          { text: 'Le ' },
          { text: '8 ', marks: 'b' },
          { text: 'mai', marks: 'bi' },
          { text: ', H' },
          { text: '2', marks: 'u' },
          { text: 'O, ' },
          { text: 'ici', link: 'https://ecole.fr/a?b=1&c=2' },
        ],
      },
      { kind: 'number', runs: [{ text: 'un' }] },
      { kind: 'number', runs: [{ text: 'deux' }] },
      { kind: 'bullet', indent: 1, runs: [{ text: 'trois' }] },
    ])
  })

  test('Google Docs wraps all in a bold that is none, and says bold in a style', () => {
    const html = '<b style="font-weight:normal"><p>a <span style="font-weight:700">b</span></p></b>'
    expect(fromHtml(html)).toEqual([{ runs: [{ text: 'a ' }, { text: 'b', marks: 'b' }] }])
  })

  test('whatever comes, what stays is a body that the server takes', () => {
    const bits = fc.constantFrom(
      ...[
        '<p>',
        '</p>',
        '<b',
        '>',
        '<ul><li>',
        '</ul>',
        '<a href="',
        '"',
        "'",
        '&#0;',
        '&amp',
        ';',
        '<!--',
        '-->',
      ],
      ...['<script>', '</script>', 'texte', ' ', '\n', '<br/>', '<td>', '=', '/', '\u0000', '<blockquote>'],
    )
    fc.assert(
      fc.property(fc.array(bits, { maxLength: 40 }), (parts) => {
        const body = fromHtml(parts.join(''))
        expect(tidy(body)).toEqual(body)
        for (const run of body.flatMap((block) => block.runs))
          if (run.link) expect(goodLink(run.link)).toBe(run.link)
      }),
    )
  })

  test('ten thousand boxes in each other', () => {
    expect(() => fromHtml('<div>'.repeat(10_000) + 'a')).not.toThrow()
  })

  test('plain text: lines, and an address that stands alone', () => {
    expect(fromText('a\r\n\r\nhttps://ecole.fr/x')).toEqual([
      { runs: [{ text: 'a' }] },
      { runs: [] },
      { runs: [{ text: 'https://ecole.fr/x', link: 'https://ecole.fr/x' }] },
    ])
  })
})

// P32: a virtual class is an address that one taps.
test.each([
  ['Voir https://visio.example/5b.', ['Voir ', 'https://visio.example/5b', '.'], 1],
  ['(https://a.example/x?y=1)', ['(', 'https://a.example/x?y=1', ')'], 1],
  ['javascript:alert(1)', ['javascript:alert(1)'], 0],
  ['rien', ['rien'], 0],
])('addresses in %s', (text, parts, links) => {
  const [made] = addressed([{ runs: [{ text, marks: 'b' }] }])
  expect(made?.runs.map((one) => one.text)).toEqual(parts)
  expect(made?.runs.filter((one) => one.link).length).toBe(links)
  expect(made?.runs.every((one) => one.marks === 'b')).toBe(true)
})
