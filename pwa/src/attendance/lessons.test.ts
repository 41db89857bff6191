// @vitest-environment node
import { describe, expect, test } from 'vitest'
import type { Roll, Row } from '../sync/index.ts'
import type { Shown } from '../timetable/lessons.ts'
import { groupOf, isCalled, lessonAt, planOf, withoutRolls } from './lessons.ts'
import { rollsOfDay } from './office.ts'

const date = '2026-11-24'
const by = { id: 'garnier', name: 'Mme Garnier' }
const lesson = (start: string, end: string, more: Partial<Shown> = {}): Shown => ({
  ...{ id: `s${start}`, date, start, end, kind: 'lesson', course: 'fr5b', audiences: ['class:5b'] },
  ...{ name: 'Français', hue: 1, people: [], where: '', groups: '5e B', by: '', at: '' },
  ...more,
})
const roll = (start: string, end: string, more: Partial<Roll> = {}): Row<Roll> => {
  const value: Roll = {
    course: 'fr5b',
    subject: 'fr',
    audience: 'class:5b',
    date,
    start,
    end,
    by,
    at: 1,
    calls: {},
  }
  return { scope: 'x', type: 'roll', id: start, seq: 1, pending: false, value: { ...value, ...more } }
}

describe('P6: the roll takes its lesson from the timetable', () => {
  test('what is moved away, cancelled, or no lesson has no roll; what is added or moved here has', () => {
    const calls = [
      lesson('08:00', '09:00', { cancelled: true }),
      lesson('09:00', '10:00', { gone: true }),
      lesson('10:00', '11:00', { extra: true }),
      lesson('11:00', '12:00', { was: { place: { date, start: '14:00', end: '15:00' } } }),
      lesson('13:30', '14:30', { kind: 'permanence' }),
      lesson('14:30', '15:30', { kind: 'council' }),
      lesson('15:30', '16:30', { kind: 'detention' }),
      lesson('16:30', '17:30', { absent: true }),
    ].filter(isCalled)
    expect(calls.map((one) => one.start)).toEqual(['10:00', '11:00', '13:30', '16:30'])
  })

  test('the one that is on, the next from five minutes before, the last between', () => {
    const day = [lesson('08:00', '08:55'), lesson('08:55', '09:50'), lesson('14:00', '16:00')]
    const at = (clock: string) => lessonAt(day, clock)?.start
    expect([at('07:00'), at('08:20'), at('08:51'), at('09:40')]).toEqual(['08:00', '08:00', '08:55', '08:55'])
    expect([at('11:00'), at('13:44'), at('13:46'), at('15:30')]).toEqual(['08:55', '08:55', '14:00', '14:00'])
    expect(at('18:00')).toBe('14:00')
    expect(lessonAt(day.slice(3), '08:00')).toBeUndefined()
  })

  test('a day is its lessons with their rolls, then what is beside them', () => {
    const courses = [
      { id: 'fr5b', rolls: [roll('10:00', '11:00'), roll('17:00', '18:00')] },
      { id: 'fr5a', rolls: [] },
      { id: 'la5', rolls: [] },
    ]
    const lessons = [lesson('08:00', '09:00', { course: 'la5' }), lesson('10:05', '11:00')]
    const { planned, others } = planOf(courses, lessons)
    expect(planned.map(({ lesson, course }) => [lesson.start, course.rolls.map((row) => row.id)])).toEqual([
      ['08:00', []],
      ['10:05', ['10:00']],
    ])
    expect(others.map((one) => [one.id, one.rolls.map((row) => row.id)])).toEqual([
      ['fr5b', ['17:00']],
      ['fr5a', []],
    ])
  })

  test('vie scolaire sees the lessons that nobody called, permanences too', () => {
    const lessons = [
      lesson('10:00', '11:00'),
      lesson('10:00', '11:00', { course: 'ma5a', audiences: ['class:5a'] }),
      lesson('10:00', '12:00', { course: 'la5', audiences: ['group:latin'] }),
      { ...lesson('10:00', '11:00', { kind: 'permanence', audiences: ['class:4a'] }), course: '' },
      lesson('11:00', '12:00', { course: 'fr3a' }),
    ]
    const rolls = rollsOfDay(
      [roll('10:05', '11:00'), roll('10:00', '11:00', { course: '', audience: 'class:4a' })],
      date,
    )
    const left = withoutRolls(lessons, rolls, '10:30').map(groupOf)
    expect(left).toEqual(['course:ma5a', 'course:la5'])
    expect(withoutRolls(lessons, [], '10:30').map(groupOf)).toContain('class:4a')
    expect(withoutRolls(lessons, [], '12:00')).toEqual([])
  })
})
