// @vitest-environment node
import 'fake-indexeddb/auto'
import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { afterEach, describe, expect, test } from 'vitest'
import { holding } from '../mail/holding.ts'
import { plusDays } from '../timetable/expand.ts'
import type { Actions, Device } from '../sync/index.ts'
import { most, read as readOn, template, textOf } from './csv.ts'
import { allergens, kinds, labels, type Dish } from './records.ts'
import { undoing, warningsOf, weekOf, type Watcher } from './week.ts'

let device: Device | undefined

afterEach(async () => {
  await device?.wipe()
  device = undefined
})

const read = (text: string) => readOn(text, '2026-11-23')

const head = 'date;repas;type;plat;labels;allergènes;peut contenir\n'

describe('a week out of a spreadsheet (P14)', () => {
  test('is read with its labels and allergens', () => {
    const { menus, problems } = read(
      head +
        '24/11/2026;midi;Entrée;Œufs mayonnaise;bio, local;Œufs, moutarde;\r\n' +
        '24/11/2026;;plat;"Lasagnes ; ""maison""";Fait maison;gluten + lait;fruits à coque\n' +
        '2026-11-24;soir;dessert;Pomme;;aucun;\n\n',
    )
    expect(problems).toEqual([])
    expect(menus).toEqual([
      {
        ...{ date: '2026-11-24', meal: 'lunch', note: '' },
        dishes: [
          {
            kind: 'entry',
            name: 'Œufs mayonnaise',
            labels: ['organic', 'local'],
            contains: ['eggs', 'mustard'],
          },
          {
            ...{ kind: 'main', name: 'Lasagnes ; "maison"', labels: ['homemade'] },
            ...{ contains: ['gluten', 'milk'], traces: ['nuts'] },
          },
        ],
      },
      {
        ...{ date: '2026-11-24', meal: 'dinner', note: '' },
        dishes: [{ kind: 'dessert', name: 'Pomme', none: true }],
      },
    ])
  })

  test('in Windows-1252, in UTF-8 with its mark, copied out of a spreadsheet', () => {
    const latin = Uint8Array.from(
      Array.from('date;type;plat\n24/11/2026;entr\u00e9e;P\u00e2t\u00e9').map((c) => c.charCodeAt(0)),
    )
    expect(read(textOf(latin)).menus[0]?.dishes).toEqual([{ kind: 'entry', name: 'Pâté' }])
    const marked = new TextEncoder().encode('\uFEFFdate;type;plat\n24/11/2026;entrée;Pâté')
    expect(read(textOf(marked)).menus[0]?.dishes).toEqual([{ kind: 'entry', name: 'Pâté' }])
    expect(read('Date\tType\tPlat\n24/11/2026\tEntrée\tPâté').menus[0]?.dishes[0]?.name).toBe('Pâté')
  })

  test.each([
    ['', { line: 1, fault: 'empty' }],
    ['date;type;plat\n', { line: 1, fault: 'empty' }],
    ['jour;plat\n24/11/2026;x', { line: 1, column: 'kind', fault: 'header' }],
    [`${head}\n31/02/2026;midi;plat;x;;;`, { line: 3, column: 'date', fault: 'day', what: '31/02/2026' }],
    [`${head}24/11/2016;midi;plat;x;;;`, { line: 2, column: 'date', fault: 'far', what: '24/11/2016' }],
    [`${head}24/11/2026;brunch;plat;x;;;`, { line: 2, column: 'meal', fault: 'meal', what: 'brunch' }],
    [`${head}24/11/2026;midi;goûter;x;;;`, { line: 2, column: 'kind', fault: 'kind', what: 'goûter' }],
    [`${head}24/11/2026;midi;plat;;bio;;`, { line: 2, column: 'name', fault: 'name' }],
    [`${head}24/11/2026;midi;plat;${'é'.repeat(121)};;;`, { line: 2, column: 'name', fault: 'name' }],
    [`${head}24/11/2026;midi;plat;a\u0001;;;`, { line: 2, column: 'name', fault: 'control' }],
    [`${head}24/11/2026;midi;plat;x;halal;;`, { line: 2, column: 'labels', fault: 'label', what: 'halal' }],
    [
      `${head}24/11/2026;midi;plat;x;;lait, licorne;`,
      { line: 2, column: 'contains', fault: 'allergen', what: 'licorne' },
    ],
    [`${head}24/11/2026;midi;plat;x;;lait;lait`, { line: 2, column: 'traces', fault: 'both' }],
    [`${head}24/11/2026;midi;plat;"x;;;\n`, { line: 2, fault: 'quote' }],
    [head + '24/11/2026;midi;plat;x;;;\n'.repeat(25), { line: 26, column: 'name', fault: 'dishes' }],
    [head + 'x\n'.repeat(601), { line: 601, fault: 'long' }],
  ])('what is wrong has a line and a column, and nothing is taken: %#', (text, problem) => {
    const { menus, problems } = read(text)
    expect(problems[0]).toMatchObject(problem)
    expect(menus).toEqual([])
  })

  test('the template is read as it is: its examples alone', () => {
    const { menus, problems } = read(template('2026-11-23', plusDays))
    expect(problems).toEqual([])
    expect(menus.map((menu) => [menu.date, menu.dishes.length])).toEqual([['2026-11-23', 3]])
  })

  test('whatever is read, it is what the server takes, or a reason', () => {
    const cell = fc.oneof(
      fc.constantFrom(
        '24/11/2026',
        '2026-11-24',
        'midi',
        'soir',
        'plat',
        'entrée',
        'lait',
        'bio',
        'aucun',
        '"',
        '""',
        '',
      ),
      fc.string({ unit: 'binary', maxLength: 12 }),
    )
    const sheet = fc.array(fc.array(cell, { maxLength: 9 }), { maxLength: 8 })
    fc.assert(
      fc.property(sheet, fc.constantFrom(';', '\t', ','), fc.boolean(), (rows, between, titled) => {
        const { menus, problems } = read(
          (titled ? head.replaceAll(';', between) : '') + rows.map((row) => row.join(between)).join('\n'),
        )
        if (menus.length === 0) {
          expect(problems.length).toBeGreaterThan(0)
          return
        }
        expect(problems).toEqual([])
        expect(menus.length).toBeLessThanOrEqual(most.menus)
        for (const { date, dishes } of menus) {
          expect(date).toMatch(/^\d{4}-\d\d-\d\d$/)
          expect(dishes.length).toBeLessThanOrEqual(most.dishes)
          for (const dish of dishes) isFit(dish)
        }
      }),
      { numRuns: 200 },
    )
    fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => void read(textOf(bytes))))
  }, 30_000)
})

function isFit({ kind, name, labels: said = [], contains = [], traces = [], none }: Dish): void {
  expect(kinds).toContain(kind)
  expect(name.trim()).not.toBe('')
  expect(Array.from(name).length).toBeLessThanOrEqual(most.name)
  expect(name).not.toMatch(/\p{Cc}/u)
  for (const one of said) expect(labels).toContain(one)
  for (const one of [...contains, ...traces]) expect(allergens).toContain(one)
  expect(new Set([...contains, ...traces]).size).toBe(contains.length + traces.length)
  if (none) expect(contains.length + traces.length).toBe(0)
}

describe('what somebody is warned of', () => {
  const ines: Watcher = { person: 'ines', name: 'Inès', allergens: ['milk', 'nuts'] }
  const sami: Watcher = { person: 'sami', name: 'Sami', allergens: ['milk'] }
  const tom: Watcher = { person: 'tom', name: 'Tom', allergens: [] }
  const dish = (more: Partial<Dish>): Dish => ({ kind: 'main', name: 'x', ...more })

  test('contained, perhaps contained, and not declared are three things', () => {
    expect(warningsOf(dish({ contains: ['milk', 'eggs'], traces: ['nuts'] }), [ines, sami, tom])).toEqual([
      { kind: 'contains', allergens: ['milk'], names: ['Inès', 'Sami'] },
      { kind: 'traces', allergens: ['nuts'], names: ['Inès'] },
    ])
    expect(warningsOf(dish({}), [ines, tom])).toEqual([{ kind: 'unknown', allergens: [], names: ['Inès'] }])
    expect(warningsOf(dish({ none: true }), [ines])).toEqual([])
    expect(warningsOf(dish({ contains: ['fish'] }), [ines])).toEqual([])
    expect(warningsOf(dish({}), [tom])).toEqual([])
  })
})

describe('without a network', () => {
  const menu = (date: string, name: string) => ({
    date,
    meal: 'lunch',
    dishes: [{ kind: 'main', name }],
    at: '',
  })

  async function school(): Promise<Device> {
    device = await holding({
      'school:x': [
        [1, 'school', 'x', { name: 'X', timezone: 'Europe/Paris', year: {}, holidays: [] }],
        [4, 'menu', '2026-11-24.lunch', menu('2026-11-24', 'Lasagnes')],
      ],
      'user:me': [],
    })
    return device
  }

  const week = (of: Device) => {
    const live = of.live((view) => weekOf(view, 'x', '2026-11-23'))
    return new Promise<Awaited<ReturnType<typeof weekOf>>>((resolve) => {
      const stop = live.subscribe((value) => {
        resolve(value)
        queueMicrotask(() => stop())
      })
    })
  }

  test('a week is typed at once, and taken back', async () => {
    const here = await school()
    const before = await week(here)
    expect([before.seen, before.days.length]).toEqual([4, 5])
    const written: Actions['canteen.menu@1']['menus'] = [
      { date: '2026-11-24', meal: 'lunch', note: '', dishes: [] },
      { date: '2026-11-26', meal: 'lunch', note: ' Fête ', dishes: [{ kind: 'main', name: ' Riz  blanc ' }] },
    ]
    const undo = undoing(
      written,
      before.days.flatMap((day) => day.meals),
    )
    await here.act('school:x', 'canteen.menu@1', { menus: written }, { base: before.seen })
    const after = await week(here)
    expect(
      after.days.map((day) => day.meals.map((row) => [row.value.note, row.value.dishes[0]?.name])),
    ).toEqual([[], [], [], [['Fête', 'Riz blanc']], []])
    await here.act('school:x', 'canteen.menu@1', { menus: undo })
    expect((await week(here)).days.flatMap((day) => day.meals.map((row) => row.value.dishes))).toEqual([
      [{ kind: 'main', name: 'Lasagnes' }],
    ])
  })

  // The same cases as those of the server's rule.
  const examples = JSON.parse(readFileSync('../api/canteen/testdata/menus.json', 'utf8')) as {
    name: string
    menus: Actions['canteen.menu@1']['menus']
    stored: Record<string, { at: string }>
  }[]

  test.each(examples)('$name: the screen shows what the server will keep', async ({ menus, stored }) => {
    const here = await school()
    await here.act('school:x', 'canteen.menu@1', { menus })
    const kept = (await week(here)).days.flatMap((day) => day.meals).filter((row) => row.pending)
    const bare = (menu: { at: string }) => ({ ...menu, at: '' })
    expect(Object.fromEntries(kept.map((row) => [row.id, bare(row.value)]))).toEqual(
      Object.fromEntries(Object.entries(stored).map(([id, menu]) => [id, bare(menu)])),
    )
  })
})
