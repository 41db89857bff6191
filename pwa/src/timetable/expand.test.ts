import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { expand, hoursOf, letter, monday, plusDays, weekday, type Lesson } from './expand.ts'
import type { Calendar, Change, Slot } from './records.ts'

interface Example {
  slots: Record<string, Slot>
  changes: Record<string, Change>
  calendar: Calendar & { holidays: Calendar['holidays'] | null }
  from: string
  until: string
  lessons: Lesson[]
}

const file = join(import.meta.dirname, '../../../api/timetable/testdata/expand.json')
const examples = JSON.parse(readFileSync(file, 'utf8')) as Example[]

// P3: the server and the devices lay slots, holidays and changes over each other alike.
test.each(examples.map((one, i) => [i, one] as const))('example %i is what the server says', (_, one) => {
  expect(expand(one.slots, one.changes, one.calendar, one.from, one.until)).toEqual(one.lessons)
})

test('days know their week', () => {
  expect(weekday('2026-11-29')).toBe(7)
  expect(monday('2026-11-29')).toBe('2026-11-23')
  expect(plusDays('2026-10-24', 1)).toBe('2026-10-25') // the night in which the clocks change
  expect(plusDays('2028-02-28', 1)).toBe('2028-02-29')
  expect(letter({ holidays: [], weeksA: ['2026-11-23'] }, '2026-11-27')).toBe('A')
  expect(letter({ holidays: [] }, '2026-11-27')).toBeUndefined()
})

test('the day begins with the first lesson that is held', () => {
  const lesson = (start: string, end: string, more: Partial<Lesson> = {}): Lesson => ({
    id: start,
    date: '2026-11-24',
    start,
    end,
    kind: 'lesson',
    ...more,
  })
  expect(
    hoursOf([
      lesson('08:00', '08:55', { cancelled: true }),
      lesson('08:55', '09:50', { kind: 'permanence' }),
      lesson('10:05', '11:00', { absent: true }),
      lesson('11:00', '11:55'),
      lesson('13:00', '14:00', { gone: true }),
    ]),
  ).toEqual({ start: '10:05', end: '11:55' })
  expect(hoursOf([])).toBeUndefined()
})
