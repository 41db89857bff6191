import { expect, test } from 'vitest'
import type { Course, Row } from '../sync/index.ts'
import type { Shown } from './lessons.ts'
import { filesOf, parallels } from './pages.ts'

test('a document of both halves is listed once', () => {
  const file = { sha: 's1', name: 'a.pdf', type: 'application/pdf', size: 1 }
  const entry = {
    course: 'k',
    subject: 'fr',
    date: '2026-11-24',
    start: '08:00',
    planned: { files: [file] },
    done: { files: [file, { ...file, sha: 's2' }] },
    show: 'start' as const,
    showAt: '',
    teacher: { id: 't', name: '' },
    at: '',
  }
  expect(filesOf(entry).map((one) => one.sha)).toEqual(['s1', 's2'])
})

test('a page is copied to the nearest lesson of each parallel class that has none', () => {
  const course = (id: string, subject: string): Row<Course> => ({
    scope: `course:${id}`,
    type: 'course',
    id,
    seq: 1,
    pending: false,
    value: { subject, audience: `class:${id}`, teachers: [] },
  })
  const lesson = (id: string, of: string, date: string, more: Partial<Shown> = {}): Shown => ({
    id,
    course: of,
    date,
    start: '08:00',
    end: '09:00',
    kind: 'lesson',
    name: '',
    hue: 0,
    people: [],
    where: '',
    groups: '',
    by: '',
    at: '',
    ...more,
  })
  const lessons = [
    lesson('a1', '5a', '2026-11-23'),
    lesson('a2', '5a', '2026-11-25', { cancelled: true }),
    lesson('a3', '5a', '2026-11-26'),
    lesson('c1', '5c', '2026-12-10'),
    lesson('m1', 'ma', '2026-11-24'),
  ]
  const courses = [course('5b', 'fr'), course('5a', 'fr'), course('5c', 'fr'), course('ma', 'ma')]
  const from = { course: '5b', subject: 'fr', date: '2026-11-24' }
  expect(parallels(from, courses, lessons, new Set()).map((one) => one.id)).toEqual(['a1'])
  expect(parallels(from, courses, lessons, new Set(['a1'])).map((one) => one.id)).toEqual(['a3'])
})
