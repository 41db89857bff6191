// @vitest-environment node
import 'fake-indexeddb/auto'
import { afterEach, describe, expect, test } from 'vitest'
import { holding } from '../mail/holding.ts'
import type { Device } from '../sync/index.ts'
import { bookOf, type Book } from './book.ts'
import { Entering } from './entering.svelte.ts'
import { spelled } from './exact.ts'
import { termsOf, withoutOne, type Terms } from './pupil.ts'
import { needed, simulate } from './simulator.ts'

let device: Device
const acting: Promise<unknown>[] = []

afterEach(async () => {
  await Promise.all(acting.splice(0))
  await device.wipe()
})

const today = '2026-11-23'
const now = new Date('2026-11-23T12:00:00Z')

const outline = (title: string, date: string, more: object = {}) => ({
  ...{ title, date, period: 't1', type: 'test', coefficient: '1', outOf: '20', papers: [], corrections: [] },
  ...{ teacher: { id: 'garnier', name: 'Mme Garnier' } },
  ...more,
})

describe('what a pupil sees', () => {
  const grade = (course: string, value: string, date: string, more: object = {}) => ({
    ...outline(`${course} ${date}`, date, more),
    ...{ course, subject: course, value, at: `${date}T12:00:00Z` },
  })
  const standing = (course: string, coefficient: string, average: string) => ({
    ...{ course, subject: course, period: 't1', coefficient, at: '2026-11-20T12:00:00Z' },
    figures: { count: 6, average },
  })

  async function terms(more: Record<string, unknown[]> = {}): Promise<Terms> {
    device = await holding({
      'school:x': [
        [1, 'subject', 'fr', { name: 'Français', hue: 1 }],
        [1, 'subject', 'ma', { name: 'Mathématiques', hue: 2 }],
        [
          1,
          'period',
          't1',
          { name: 'Trimestre 1', kind: 'trimester', start: '2026-09-01', end: '2026-11-30' },
        ],
        [
          1,
          'period',
          't2',
          { name: 'Trimestre 2', kind: 'trimester', start: '2026-12-01', end: '2027-03-01' },
        ],
      ],
      'student:ines': [
        [1, 'student', 'ines', { first: 'Inès', last: 'Benali', groups: [] }],
        [2, 'grade', 'a1', grade('fr', '12', '2026-10-01')],
        [2, 'grade', 'a2', grade('fr', '16', '2026-11-01')],
        [2, 'grade', 'a3', grade('ma', '10', '2026-11-10', { outOf: '10' })],
        [2, 'grade', 'a4', grade('ma', 'A', '2026-11-12')],
        [2, 'standing', 'fr.t1', standing('fr', '3', '11')],
        [2, 'standing', 'ma.t1', standing('ma', '1', '13')],
      ],
      'user:ines': more['user:ines'] ?? [[1, 'user', 'ines', { first: 'Inès' }]],
    })
    return device.read((view) => termsOf(view, 'ines', today))
  }

  test('P24, P26, P27: by date and by subject, with averages', async () => {
    const { terms: all, current } = await terms()
    expect(all.map(({ id }) => id)).toEqual(['t1'])
    expect(current.entries.map(({ id }) => id)).toEqual(['a4', 'a3', 'a2', 'a1'])
    expect(current.services.map(({ subject, result }) => [subject.name, result.value])).toEqual([
      ['Français', '14'],
      ['Mathématiques', '20'],
    ])
    expect(current.general.value).toBe('15.5') // (3 × 14 + 20) / 4
  })

  test('P28: the class, by the same coefficients', async () => {
    expect((await terms()).current.class.value).toBe('11.5') // (3 × 11 + 13) / 4
  })

  test('how the general average went', async () => {
    const { current } = await terms()
    expect(current.trail.map(({ date, own }) => [date, spelled(own)])).toEqual([
      ['2026-10-01', '12/1'],
      ['2026-11-01', '14/1'],
      ['2026-11-10', '31/2'],
      ['2026-11-12', '31/2'],
    ])
  })

  test('what the pupil sees before the guardians counts, and says so', async () => {
    const early = [2, 'grade', 'a5', grade('fr', '8', '2026-11-20')]
    const { current } = await terms({ 'user:ines': [early] })
    expect(current.entries[0]).toMatchObject({ id: 'a5', early: true })
    expect(current.services[0]?.result.value).toBe('12')
  })

  test('what one mark changes', async () => {
    const { current } = await terms()
    const french = current.services[0]
    expect(french && withoutOne(french, 'a1').value).toBe('16')
  })

  test('a simulator that asks what is needed', async () => {
    const { current } = await terms()
    const french = current.services[0]
    if (!french) throw new Error('no French')
    const wish = { id: 'w1', course: 'fr', value: '20', outOf: '20', coefficient: '2' }
    expect(simulate(current, [wish]).services.get('fr')?.value).toBe('17')
    expect(simulate(current, []).general.value).toBe(current.general.value)
    const next = { outOf: '20', coefficient: '1' }
    expect(needed(french, [], next, '15')).toBe('17')
    expect(needed(french, [], next, '14.67')).toBe('16.01')
    expect(needed(french, [], next, '17')).toBeUndefined()
    expect(needed(french, [], next, '9')).toBe('0')
  })
})

describe('a teacher at the grid', () => {
  const scope = 'course:k1'
  const roster = (id: string, last: string) => [1, 'roster', id, { first: id, last, class: '5e B' }]
  const mark = (assessment: string, student: string, value: string, more: object = {}) => [
    ...[2, 'mark', `${assessment}.${student}`],
    { assessment, student, value, at: '', by: { id: 'garnier', name: '' }, ...more },
  ]
  const sent: unknown[] = []

  async function grid(): Promise<{ entering: Entering; book: () => Book; again: () => Promise<void> }> {
    sent.length = 0
    device = await holding({
      'school:x': [[1, 'subject', 'fr', { name: 'Français', hue: 1 }]],
      [scope]: [
        [1, 'course', 'k1', { subject: 'fr', audience: 'class:5b', title: 'Français · 5e B', teachers: [] }],
        ...[roster('zoe', 'Zola'), roster('ali', 'Azar'), roster('ben', 'Bo')],
        [2, 'assessment', 'a1', outline('Dictée', '2026-11-01', { period: '' })],
        [2, 'assessment', 'a2', outline('Quiz', '2026-11-08', { period: '', outOf: '10' })],
        mark('a1', 'ali', '12'),
        mark('a1', 'ben', 'A'),
        mark('a2', 'ali', '9', { rivals: [{ value: '7', at: '', by: { id: 'petit', name: 'M. Petit' } }] }),
      ],
    })
    let book = await read()
    const entering = new Entering(
      () => ({ pupils: book.pupils, columns: book.columns, above: false }),
      (assessment, cells) => {
        sent.push([assessment, ...cells.map(({ student, was, value }) => `${student}: ${was} → ${value}`)])
        acting.push(device.act(scope, 'grades.enter@1', { assessment, cells }))
      },
    )
    const again = async (): Promise<void> => {
      await Promise.all(acting)
      book = await read()
    }
    return { entering, book: () => book, again }
  }

  async function read(): Promise<Book> {
    const book = await device.read((view) => bookOf(view, 'k1', undefined, now))
    if (!book) throw new Error('no book')
    return book
  }

  test('pupils by name, columns by date, averages and figures', async () => {
    const { book } = await grid()
    expect(book().pupils.map(({ id }) => id)).toEqual(['ali', 'ben', 'zoe'])
    expect(book().columns.map(({ id, entered, rivals }) => [id, entered, rivals])).toEqual([
      ['a1', 2, []],
      ['a2', 1, ['ali']],
    ])
    expect([...book().averages.values()].map(({ value }) => value)).toEqual(['14', 'A', ''])
    expect(book().columns[0]?.figures.average).toBe('12')
  })

  test('arrows, Enter and letters', async () => {
    const { entering } = await grid()
    entering.type('14,5')
    expect(entering.key('Enter')).toBe(true)
    expect([entering.row, entering.column]).toEqual([1, 0])
    entering.type('d')
    entering.key('ArrowDown')
    entering.key('ArrowDown')
    entering.key('ArrowRight')
    expect([entering.row, entering.column]).toEqual([2, 1])
    expect(sent).toEqual([
      ['a1', 'ali: 12 → 14.5'],
      ['a1', 'ben: A → E'],
    ])
  })

  test('what is no mark stays in its cell', async () => {
    const { entering } = await grid()
    entering.type('21')
    expect(entering.move(1, 0)).toBe(false)
    expect([entering.row, entering.problem, entering.shown]).toEqual([0, 'above', '21'])
    entering.key('Escape')
    expect([entering.problem, entering.shown]).toEqual([undefined, '12'])
    expect(sent).toEqual([])
  })

  test('the caret moves within what is typed before the cursor leaves', async () => {
    const { entering } = await grid()
    entering.type('14')
    expect(entering.key('ArrowLeft', { caretStart: false })).toBe(false)
    expect(entering.key('ArrowRight', { caretEnd: true })).toBe(true)
    expect(entering.column).toBe(1)
  })

  test('Tab leaves the grid at its ends', async () => {
    const { entering } = await grid()
    expect(entering.key('Tab', { shift: true })).toBe(false)
    expect(entering.key('Tab')).toBe(true)
    expect(entering.key('Tab')).toBe(false)
  })

  test('undo puts back what was there', async () => {
    const { entering, book, again } = await grid()
    entering.type('14')
    entering.key('Enter')
    await again()
    expect(book().columns[0]?.marks.get('ali')?.value).toBe('14')
    expect(entering.key('z', { command: true })).toBe(true)
    await again()
    expect(book().columns[0]?.marks.get('ali')?.value).toBe('12')
    expect([entering.row, entering.done]).toEqual([0, []])
  })

  test('of two values that teachers wrote, one is kept', async () => {
    const { entering, book, again } = await grid()
    entering.choose('a2', 'ali', '9', '9')
    await again()
    expect(book().columns[1]?.marks.get('ali')).toMatchObject({ value: '9' })
    expect(book().columns[1]?.rivals).toEqual([])
    expect(sent).toEqual([['a2', 'ali: 9 → 9']])
  })

  test('an assessment is kept, published, canceled and restored without a network', async () => {
    await grid()
    const { teacher: _, ...made } = outline('Oral', today, { period: '' })
    await device.act(scope, 'grades.assess@1', { id: 'a3', ...made } as never)
    await device.act(scope, 'grades.publish@1', { id: 'a3' })
    await device.act(scope, 'grades.amend@1', { id: 'a3', coefficient: '2' })
    const column = (await read()).columns.find(({ id }) => id === 'a3')
    expect(column?.assessment).toMatchObject({ coefficient: '2', publishAt: expect.any(String) as string })
    await device.act(scope, 'grades.cancel@1', { id: 'a3' })
    expect((await read()).columns.some(({ id }) => id === 'a3')).toBe(false)
    await device.act(scope, 'grades.restore@1', { id: 'a3' })
    await device.act(scope, 'grades.hide@1', { id: 'a3' })
    expect((await read()).columns.find(({ id }) => id === 'a3')?.stage).toBe('draft')
  })
})
