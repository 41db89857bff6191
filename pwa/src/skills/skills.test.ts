// @vitest-environment node
import 'fake-indexeddb/auto'
import { readFileSync } from 'node:fs'
import { afterEach, describe, expect, test } from 'vitest'
import { holding } from '../mail/holding.ts'
import { merge } from '../sync/skillmutators.ts'
import type { Mastery, Device, LevelCell, Named } from '../sync/index.ts'
import { levelsAlone } from './alone.ts'
import { converted } from './converting.ts'
import { skillBookOf, type SkillBook } from './course.ts'
import { Entering } from './entering.svelte.ts'
import { frameworkOf, fullness, given, isOf, usual } from './framework.ts'
import shipped from './framework.json'
import { standingOf, type Given } from './position.ts'
import { skillTermsOf } from './pupil.ts'
import { ofWord } from './typing.ts'

const server = (path: string): unknown =>
  JSON.parse(readFileSync(new URL(`../../../api/skills/${path}`, import.meta.url), 'utf8'))

const today = '2026-11-23'
const now = new Date('2026-11-23T12:00:00Z')
const teacher = { id: 'garnier', name: 'Mme Garnier' }

let device: Device | undefined
const acting: Promise<unknown>[] = []
afterEach(async () => {
  await Promise.all(acting.splice(0))
  await device?.wipe()
  device = undefined
})

describe('what the server does as well (P7)', () => {
  test('the framework is the one that it ships', () => {
    expect(shipped).toEqual(server('framework.json'))
  })

  interface Case {
    name: string
    before: Mastery
    cells: LevelCell[]
    by: Named
    teacher: Named
    after: Mastery
  }

  test.each(server('testdata/merge.json') as Case[])('merging: $name', (one) => {
    expect(merge(one.before, one.cells, one.teacher, one.by)).toEqual(one.after)
  })
})

const t1 = { name: 'Trimestre 1', kind: 'trimester', start: '2026-09-01', end: '2026-11-30' }

describe('a course (P7)', () => {
  const evaluation = (title: string, date: string, more: object = {}) => ({
    ...{ title, date, period: 't1', teacher },
    items: [
      { skill: 'socle-fra-1', coefficient: '1' },
      { skill: 'socle-fra-2', coefficient: '2' },
    ],
    ...more,
  })
  const shown = { publishAt: '2026-11-02T12:00:00Z', guardiansAt: '2026-11-02T12:00:00Z' }
  const mastery = (of: string, student: string, one: string, two: string, more: object = {}) => [
    2,
    'mastery',
    `${of}.${student}`,
    {
      ...{ evaluation: of, student, values: { 'socle-fra-1': one, 'socle-fra-2': two } },
      at: '2026-11-02T12:00:00Z',
      ...more,
    },
  ]

  async function open(...more: unknown[]): Promise<() => Promise<SkillBook>> {
    const held = await holding({
      'school:x': [
        [1, 'subject', 'fr', { name: 'Français', hue: 1 }],
        [1, 'period', 't1', t1],
      ],
      'course:fr5b': [
        [1, 'course', 'fr5b', { title: 'Français · 5e B', subject: 'fr', audience: 'class:5b' }],
        [1, 'roster', 'ines', { first: 'Inès', last: 'Benali' }],
        [1, 'roster', 'malo', { first: 'Malo', last: 'Le Goff' }],
        [2, 'evaluation', 'e1', evaluation('Lire', '2026-11-01', shown)],
        mastery('e1', 'ines', 'beyond', 'reached'),
        mastery('e1', 'malo', 'none', 'A'),
        ...more,
      ],
    })
    device = held
    return async () => {
      const book = await held.read((view) => skillBookOf(view, 'fr5b', undefined, now))
      if (!book) throw new Error('no such course')
      return book
    }
  }

  test('positioning counts what pupils can see, and a hand wins', async () => {
    const book = await (
      await open(
        [2, 'evaluation', 'e2', evaluation('Draft', '2026-11-03')],
        mastery('e2', 'ines', 'none', 'none'),
        [3, 'position', 't1.malo', { period: 't1', student: 'malo', value: 2, at: '', by: teacher }],
      )
    )()
    expect(book.standings.get('ines')).toMatchObject({ value: 3, proposed: 3, sum: 90, weight: 2 })
    expect(book.standings.get('malo')).toMatchObject({ value: 2, proposed: 1 })
    expect(book.looked.map(({ id, stage }) => [id, stage])).toEqual([
      ['e1', 'everybody'],
      ['e2', 'draft'],
    ])
  })

  test('levels become marks: coefficients, the nearest point, codes', async () => {
    const { looked, framework } = await (await open())()
    const [e1] = looked
    if (!e1) throw new Error('nothing')
    expect(converted(e1, 'ines', framework.settings, '20')).toMatchObject({
      ...{ mark: '17', sum: '130', most: '150' },
    })
    expect(converted(e1, 'malo', framework.settings, '20')).toMatchObject({ mark: '4', sum: '10' })
    expect(converted(e1, 'zoe', framework.settings, '20')).toMatchObject({ mark: '', most: '0' })
  })

  test('135 of 250 are 11', () => {
    const values = { a: '50', b: '40', c: '25', d: '10', e: '10' }
    const settings = {
      ...usual,
      levels: [50, 40, 25, 10].map((points) => ({
        id: String(points),
        label: '',
        short: '',
        hue: 0,
        points,
      })),
    }
    const items = Object.keys(values).map((skill) => ({ skill, coefficient: '1' }))
    const row = { value: { values } }
    const looked = { evaluation: { items }, masteries: new Map([['s', row]]) } as never
    expect(converted(looked, 's', settings, '20')).toEqual({
      student: 's',
      mark: '11',
      sum: '135',
      most: '250',
    })
  })

  test('a grid by keyboard, pasted and taken back, without a network', async () => {
    const read = await open()
    let book = await read()
    const send = async (cells: LevelCell[]): Promise<unknown> =>
      device?.act('course:fr5b', 'skills.enter@1', { evaluation: 'e1', cells })
    const value = (student: string, skill: string): string =>
      book.looked[0]?.masteries.get(student)?.value.values[skill] ?? ''
    const entering = new Entering(
      () => ({
        ...{ pupils: book.pupils, skills: ['socle-fra-1', 'socle-fra-2'], value },
        settings: book.framework.settings,
      }),
      (cells) => void acting.push(send(cells)),
    )
    const settled = async (): Promise<void> => {
      await Promise.all(acting)
      book = await read()
    }
    expect(entering.key('2')).toBe(true)
    await settled()
    expect([value('ines', 'socle-fra-1'), entering.row]).toEqual(['partly', 1])
    expect(entering.key('r')).toBe(true)
    expect(entering.key('x')).toBe(false)
    await settled()
    expect([value('malo', 'socle-fra-1'), entering.row, entering.column]).toEqual(['S', 0, 1])
    entering.go(0, 0)
    entering.paste('Atteint\tNA\r\nDP\tbof\r\n')
    await settled()
    expect([value('ines', 'socle-fra-1'), value('ines', 'socle-fra-2')]).toEqual(['reached', 'none'])
    expect([value('malo', 'socle-fra-1'), value('malo', 'socle-fra-2')]).toEqual(['beyond', 'A'])
    expect(entering.strange).toBe(1)
    entering.key('z', { command: true })
    await settled()
    expect([value('ines', 'socle-fra-1'), value('malo', 'socle-fra-1')]).toEqual(['partly', 'S'])
  })

  test('words of a table', () => {
    expect(ofWord(' dépassé ', usual)).toBe('beyond')
    expect(ofWord('pa', usual)).toBe('partly')
    expect(ofWord('4', usual)).toBe('beyond')
    expect(ofWord('5', usual)).toBeUndefined()
    expect(ofWord('a', usual)).toBe('A')
    expect(ofWord('', usual)).toBe('')
  })
})

describe('what a pupil reads (P7)', () => {
  const outcome = (course: string, date: string, value: string, more: object = {}) => ({
    ...{ course, subject: course, title: `${course} ${date}`, date, period: 't1', teacher },
    shown: [{ skill: `${course}-1`, domain: 'CPD_FRA', text: 'Lire', value }],
    at: `${date}T12:00:00Z`,
    ...more,
  })

  test('each competence over time, by subject and by domain', async () => {
    const held = await holding({
      'school:x': [
        [1, 'subject', 'fr', { name: 'Français', hue: 1 }],
        [1, 'period', 't1', t1],
      ],
      'student:ines': [
        [1, 'student', 'ines', { first: 'Inès', last: 'Benali', groups: [] }],
        [2, 'outcome', 'e1', outcome('fr', '2026-10-01', 'none')],
        [2, 'outcome', 'e2', outcome('fr', '2026-11-01', 'reached')],
        [
          2,
          'position',
          'fr.t1',
          { course: 'fr', subject: 'fr', period: 't1', value: 4, at: '', by: teacher },
        ],
      ],
      'user:ines': [[1, 'outcome', 'e3', outcome('fr', '2026-11-10', 'beyond')]],
    })
    device = held
    const { current } = await held.read((view) => skillTermsOf(view, 'ines', today))
    expect(current.subjects.map(({ subject, standing }) => [subject.name, standing.value])).toEqual([
      ['Français', 4],
    ])
    const [trail] = current.domains[0]?.trails ?? []
    expect(trail?.given.map(({ value }) => value)).toEqual(['none', 'reached', 'beyond'])
    expect(current.entries.map(({ id, early }) => [id, early])).toEqual([
      ['e3', true],
      ['e2', false],
      ['e1', false],
    ])
  })

  test.each([
    ['all', 3, [1, 1, 1, 1, 1, 1]],
    ['last5', 3, [0, 1, 1, 1, 1, 1]],
    ['best5', 3, [0, 1, 1, 1, 1, 1]],
    ['progressive', 3, [1, 2, 3, 4, 5, 6]],
  ] as const)('the formula says what each level weighs: %s', (mode, value, weights) => {
    const levels = ['none', 'partly', 'reached', 'reached', 'beyond', 'reached']
    const all = levels.map((level, i): Given => ({
      ...{ evaluation: String(i), title: '', date: '', skill: 's', text: '', value: level },
    }))
    const standing = standingOf(all, { ...usual, mode })
    expect(standing.terms.map(({ weight }) => weight)).toEqual(weights)
    expect(standing.value).toBe(value)
  })
})

describe('the framework of a school (P7)', () => {
  test('what was decided lies over what is shipped', async () => {
    const held = await holding({
      'school:x': [
        [1, 'skill', 'socle-fra-1', { about: 'francais', domain: 'CPD_FRA', text: 'Lire un roman' }],
        [1, 'skill', 'new-skill', { subject: 'th', domain: 'CPD_ART', text: 'Jouer' }],
      ],
      'course:fr5b': [[1, 'skill', 'own-skill', { domain: 'CPD_FRA', text: 'Tenir un carnet' }]],
      'course:fr5a': [[1, 'skill', 'not-here', { domain: 'CPD_FRA', text: 'Ailleurs' }]],
    })
    device = held
    const { skills, own } = await held.read((view) => frameworkOf(view, 'fr5b'))
    expect(skills.get('socle-fra-1')?.text).toBe('Lire un roman')
    expect([...own]).toEqual(['own-skill'])
    expect(skills.has('not-here')).toBe(false)
    const french = { id: 'fr', name: 'Français' }
    expect(isOf(skills.get('socle-fra-1') ?? { domain: '', text: '' }, french)).toBe(true)
    expect(isOf(skills.get('new-skill') ?? { domain: '', text: '' }, french)).toBe(false)
  })

  test('each level has a sign of its own', () => {
    expect(given(usual).map((level) => Math.round(fullness(usual, level) * 100))).toEqual([0, 38, 75, 100])
  })

  test('who has levels alone', () => {
    const settings = { ...usual, only: ['class:5b', 'subject:eps'] }
    expect(levelsAlone(settings, { audience: 'class:5b', subject: 'fr' })).toBe(true)
    expect(levelsAlone(settings, { audience: 'class:6a', subject: 'eps' })).toBe(true)
    expect(levelsAlone(settings, { audience: 'class:6a', subject: 'fr' })).toBe(false)
    expect(levelsAlone(undefined, { audience: 'class:6a', subject: 'fr' })).toBe(false)
  })

  // A school may choose any hue: the words on it are read all the same (WCAG 1.4.3).
  test('every hue has a contrast of 4.5, light and dark', () => {
    const css = readFileSync(new URL('../styles/tokens.css', import.meta.url), 'utf8')
    const read = (name: string): [number, number][] => {
      const line = new RegExp(`--${name}: light-dark\\(([^;]*)\\);`).exec(css)?.[1] ?? ''
      return [...line.matchAll(/oklch\((\d+)% ([\d.]+) var\(--hue\)\)/g)].map((m) => [
        Number(m[1]) / 100,
        Number(m[2]),
      ])
    }
    const [words, ground] = [read('subject'), read('subject-soft')]
    expect([words.length, ground.length]).toEqual([2, 2])
    for (const theme of [0, 1]) {
      for (let hue = 0; hue < 360; hue += 1) {
        const [a, b] = [
          luminance(...(words[theme] ?? [0, 0]), hue),
          luminance(...(ground[theme] ?? [0, 0]), hue),
        ]
        const contrast = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05)
        expect(contrast, `hue ${String(hue)}, theme ${String(theme)}`).toBeGreaterThanOrEqual(4.5)
      }
    }
  })
})

/** Of a colour in OKLCH, brought into sRGB. */
function luminance(l: number, c: number, hue: number): number {
  const angle = (hue * Math.PI) / 180
  const [a, b] = [c * Math.cos(angle), c * Math.sin(angle)]
  const cube = (x: number): number => x * x * x
  const l_ = cube(l + 0.3963377774 * a + 0.2158037573 * b)
  const m_ = cube(l - 0.1055613458 * a - 0.0638541728 * b)
  const s_ = cube(l - 0.0894841775 * a - 1.291485548 * b)
  const within = (x: number): number => Math.min(1, Math.max(0, x))
  const red = within(4.0767416621 * l_ - 3.3077115913 * m_ + 0.2309699292 * s_)
  const green = within(-1.2684380046 * l_ + 2.6097574011 * m_ - 0.3413193965 * s_)
  const blue = within(-0.0041960863 * l_ - 0.7034186147 * m_ + 1.707614701 * s_)
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue
}
