import { expect, test } from 'vitest'
import type { Change, Slot } from '../sync/index.ts'
import type { Timetable } from './lessons.ts'
import { changeOverlaps, slotOverlaps } from './overlap.ts'

const french: Slot = { kind: 'lesson', audiences: ['class:5b'], weekday: 2, start: '10:05', end: '11:00' }
const maths: Slot = { ...french, weekday: 4, start: '14:00', end: '15:00' }

function table(slots: Record<string, Slot>, changes: Record<string, Change>): Timetable {
  const none = new Map<string, never>()
  const calendar = { holidays: [] }
  const audiences = new Map([['class:5b', '5e B']])
  return { slots, changes, calendar, subjects: none, courses: none, audiences, mine: () => true }
}

const ids = (found: { lesson: { id: string } }[]): string[] => found.map((one) => one.lesson.id)

test('a lesson of every week is looked at on the days to come to which others were moved', () => {
  const moved = { slot: 'f', date: '2026-12-08', to: { date: '2026-12-10', start: '14:30', end: '15:25' } }
  const held = table({ f: french }, { 'f.2026-12-08': moved })
  const look = (slot: Slot, today = '2026-11-23'): string[] =>
    ids(slotOverlaps(held, 'm', slot, '2026-11-26', today))
  expect(look(maths)).toEqual(['f.2026-12-08'])
  expect(look({ ...maths, until: '2026-12-09' })).toEqual([])
  expect(look({ ...maths, start: '16:00', end: '17:00' })).toEqual([])
  expect(look(maths, '2026-12-11')).toEqual([])
  const tuesday = { ...maths, weekday: 2, start: '10:30', end: '11:30' }
  expect(ids(slotOverlaps(held, 'm', tuesday, '2026-11-24', '2026-11-24'))).toContain('f.2026-12-01')
})

test('a lesson does not come back unseen to an hour that was given away', () => {
  const cancelled = { slot: 'f', date: '2026-12-01', cancelled: true }
  const extra = { date: '2026-12-01', extra: { ...french, title: 'Chorale' } }
  const held = table({ f: french }, { 'f.2026-12-01': cancelled, e: extra })
  expect(ids(changeOverlaps(held, 'f.2026-12-01', undefined))).toEqual(['e'])
  expect(changeOverlaps(held, 'f.2026-12-01', { ...cancelled, note: 'Fermé' })).toEqual([])
  const both = table({ f: french }, { e: extra })
  const noted = { slot: 'f', date: '2026-12-01', note: 'Ensemble' }
  expect(changeOverlaps(both, 'f.2026-12-01', noted)).toEqual([])
})
