/** What vie scolaire chooses from. */
import type { Course, Named } from '../../sync/index.ts'
import type { Timetable } from '../../timetable/lessons.ts'

/** Who works in classes, by name. */
export function teachersOf(courses: Iterable<Course>): Named[] {
  const all = new Map<string, Named>()
  for (const course of courses) for (const one of course.teachers) all.set(one.id, one)
  return [...all.values()].sort((a, b) => surname(a.name).localeCompare(surname(b.name), 'fr'))
}

const surname = (name: string): string => name.replace(/^(M\.|Mme) /, '')

export function roomsOf(table: Timetable): string[] {
  const all = new Set(Object.values(table.slots).flatMap((slot) => slot.rooms ?? []))
  return [...all].sort((a, b) => a.localeCompare(b, 'fr', { numeric: true }))
}

/** Courses by name, "Français · 5e B". */
export function coursesOf(table: Timetable): { value: string; label: string }[] {
  return [...table.courses]
    .map(([value, course]) => ({
      value,
      label: `${table.subjects.get(course.subject)?.name ?? '?'} · ${table.audiences.get(course.audience) ?? ''}`,
    }))
    .sort((a, b) => a.label.localeCompare(b.label, 'fr', { numeric: true }))
}

/** "B12, gymnase" as rooms. */
export function roomsIn(text: string): string[] {
  return [
    ...new Set(
      text
        .split(',')
        .map((one) => one.trim())
        .filter(Boolean),
    ),
  ]
}
